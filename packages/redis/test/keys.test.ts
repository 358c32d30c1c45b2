import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keysUnder } from '../src/keys.js'

const { counter } = keysUnder('p:')
const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.constantFrom('a', 'a|b', '|', '%', '%007c', '{', '}', '', '\ud800', '\udc00', '\ud83d\ude00'),
)
const name = fc.record({ api: part, account: part, class: part })

test('two names have the same key only where they are the same name', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      const same = one.api === other.api && one.account === other.account && one.class === other.class
      expect(counter(one) === counter(other)).toBe(same)
    }),
    { numRuns: 2000 },
  )
})

test('a key is plain text with one hash tag around the whole name', () => {
  fc.assert(
    fc.property(name, (one) => {
      expect(counter(one)).toMatch(/^p:\{[\w.%-]*\|[\w.%-]*\|[\w.%-]*\}$/)
    }),
  )
})

test('what else is told of a connection is not in its key', () => {
  const ask = { api: 'a', account: 'b', class: 'c', limit: 3, client: 'd', target: '/e', waitMs: 1 }
  expect(counter(ask)).toBe('p:{a|b|c}')
})
