import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf, isIssuedKey, issueKey } from '../src/accounts/key.js'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const prefixes = fc.stringMatching(/^[A-Za-z](?:[0-9A-Za-z_]{0,30}[0-9A-Za-z])?$/)

function numberIn(base62: string): number {
  return base62.split('').reduce((sum, digit) => sum * 62 + BASE62.indexOf(digit), 0)
}

describe('a key', () => {
  it('is a prefix, 32 random characters and a checksum of all that, as a token68', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        const { key } = issueKey({ prefix })
        expect(key).toMatch(/^[A-Za-z0-9\-._~+/]+$/)
        expect(key.slice(0, -38)).toBe(`${prefix}_`)
        expect(key.slice(-38)).toMatch(/^[0-9A-Za-z]{38}$/)
        expect(numberIn(key.slice(-6))).toBe(crc32(key.slice(0, -6)))
        expect(isIssuedKey(key)).toBe(true)
        expect(isIssuedKey(key, prefix)).toBe(true)
        expect(isIssuedKey(key, `${prefix}x`)).toBe(false)
      }),
    )
  })

  it('keeps the zeros in front of a small checksum', () => {
    // Made by hand: a text of the right form whose CRC-32 is below 62^5, so that its first digit is 0.
    let checked = ''
    for (let i = 0; ; i++) {
      checked = `key_${String(i).padStart(32, 'a')}`
      if (crc32(checked) < 62 ** 4) break
    }
    let rest = crc32(checked)
    let digits = ''
    for (; rest > 0; rest = Math.floor(rest / 62)) digits = (BASE62[rest % 62] ?? '') + digits
    expect(digits.length).toBeLessThan(6)
    expect(isIssuedKey(checked + digits.padStart(6, '0'))).toBe(true)
    expect(isIssuedKey(checked + digits.padStart(6, 'A'))).toBe(false)
    expect(isIssuedKey(checked + digits)).toBe(false)
  })

  it('is no key any more after a change of any one character (lesson 17)', () => {
    fc.assert(
      fc.property(
        prefixes,
        fc.nat(),
        fc.oneof(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
          fc.constantFrom(...BASE62.split('')),
        ),
        (prefix, at, other) => {
          const { key } = issueKey({ prefix })
          const i = at % key.length
          fc.pre(key[i] !== other)
          expect(isIssuedKey(key.slice(0, i) + other + key.slice(i + 1))).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('is no key any more with characters added or taken away at either end (lesson 17)', () => {
    const { key } = issueKey()
    for (const text of [
      `${key}a`,
      `${key} `,
      ` ${key}`,
      `a${key}`,
      key.slice(1),
      key.slice(0, -1),
      `${key}\n`,
      '',
      'key_',
      key + key,
    ]) {
      expect(isIssuedKey(text)).toBe(false)
    }
  })

  it('is refused in a form that nobody issues, even where the checksum fits', () => {
    for (const checked of [
      `1ey_${'a'.repeat(32)}`,
      `ke-y_${'a'.repeat(32)}`,
      `key__${'a'.repeat(32)}`,
      `key_${'a'.repeat(31)}-`,
      `${'k'.repeat(33)}_${'a'.repeat(32)}`,
    ]) {
      let text = ''
      for (let i = 0, rest = crc32(checked); i < 6; i++, rest = Math.floor(rest / 62))
        text = (BASE62[rest % 62] ?? '') + text
      expect(isIssuedKey(checked + text)).toBe(false)
    }
  })

  it('comes with the SHA-256 that a registry keeps and a hint that gives only the checksum away', () => {
    const { key, digest, hint } = issueKey({ prefix: 'acme_live' })
    expect(digest).toBe(createHash('sha256').update(key).digest('hex'))
    expect(digestOf(key)).toBe(digest)
    expect(hint).toBe(`acme_live_…${key.slice(-4)}`)
  })

  it('starts with key_ where nothing else is said, and is another each time', () => {
    const keys = new Set(Array.from({ length: 1000 }, () => issueKey().key))
    expect(keys.size).toBe(1000)
    for (const key of keys) expect(key.startsWith('key_')).toBe(true)
  })

  it('draws every character equally often', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 4000; i++) {
      for (const character of issueKey().key.slice(4, 36))
        counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    expect(counts.size).toBe(62)
    // Chi-squared with 61 degrees of freedom is above 150 once in a hundred million times; modulo bias makes it some 2000.
    const mean = (4000 * 32) / 62
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
    expect(chiSquared).toBeLessThan(150)
  })

  it.each(['', '1key', 'key-live', 'key_', '_key', 'kéy', 'a'.repeat(33), 'key live'])(
    'is not made with the prefix %j',
    (prefix) => {
      expect(() => issueKey({ prefix })).toThrow(TypeError)
    },
  )
})
