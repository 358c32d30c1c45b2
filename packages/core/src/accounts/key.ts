import { hash, randomBytes } from 'node:crypto'
import { checkNamed } from '../checked.js'
import { inOnePiece } from '../one-piece.js'
import { crc32, CRC_START, crcEnd, crcStep } from './crc32.js'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 190 bits: the hint gives 24 bits of the checksum away, and 166 remain. */
const RANDOM_LENGTH = 32
/** 62^6 is more than 2^32. */
const CHECKSUM_LENGTH = 6
const BODY_LENGTH = RANDOM_LENGTH + CHECKSUM_LENGTH
const HINT_LENGTH = 4
const UNDERSCORE = 95

/** The value of each ASCII character as a digit, or -1. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => BASE62.indexOf(String.fromCharCode(code)))

/** What may stand before the last `_` of a key: letters first, `_` inside, 32 characters at most. */
export const PREFIX = /^[A-Za-z](?:[0-9A-Za-z_]{0,30}[0-9A-Za-z])?$/

/** A key just made. */
export interface IssuedKey {
  /** To be shown once, to whom it is for. It can be had from nowhere else. */
  readonly key: string
  /** What the registry keeps: `Credential.digest`. */
  readonly digest: string
  /** What may be shown to tell keys apart: the prefix and the last four characters, which lie in the checksum. */
  readonly hint: string
}

/**
 * Makes a key: `<prefix>_`, 32 random base62 characters (190 bits) and a CRC-32 of all that in 6 more, so that a mistyped key
 * is refused without a look-up and a leaked one can be recognised (clause 4(b)). It is a token68 (RFC 9110 §11.2).
 *
 * @param options `prefix`: `key` by default; a letter, then letters, digits and inner `_`, 32 characters at most
 * @throws OptionsError where the prefix is not of that form, or there is another option
 */
export function issueKey(options: { prefix?: string } = {}): IssuedKey {
  checkNamed(options, {
    prefix: [
      (value) => value === undefined || (typeof value === 'string' && PREFIX.test(value)),
      'a letter followed by letters, digits and inner underscores, 32 characters at most',
    ],
  })
  const { prefix = 'key' } = options
  const checked = `${prefix}_${randomBase62(RANDOM_LENGTH)}`
  const key = checked + base62(crc32(checked), CHECKSUM_LENGTH)
  return { key, digest: digestOf(key), hint: hintOf(key) }
}

/** Whether a text has the form and the checksum of a key made by {@link issueKey}, with this prefix or with any. */
export function isIssuedKey(text: string, prefix?: string): boolean {
  const separator = text.length - BODY_LENGTH - 1
  if (separator < 1 || text.charCodeAt(separator) !== UNDERSCORE) return false
  if (prefix !== undefined && (separator !== prefix.length || !text.startsWith(prefix))) return false
  const end = text.length - CHECKSUM_LENGTH
  let crc = CRC_START
  for (let i = 0; i <= separator; i++) crc = crcStep(crc, text.charCodeAt(i))
  // Every bit of -1 is set: one that is no digit leaves it negative.
  let digits = 0
  for (let i = separator + 1; i < end; i++) {
    const code = text.charCodeAt(i)
    digits |= DIGITS[code] ?? -1
    crc = crcStep(crc, code)
  }
  let checksum = 0
  for (let i = end; i < text.length; i++) {
    const digit = DIGITS[text.charCodeAt(i)] ?? -1
    digits |= digit
    checksum = checksum * 62 + digit
  }
  if (digits < 0 || checksum !== crcEnd(crc)) return false
  return prefix !== undefined || isPrefix(text, separator)
}

/** Most keys begin as the one before did. */
let lastPrefix = 'key'

function isPrefix(text: string, length: number): boolean {
  if (length === lastPrefix.length && text.startsWith(lastPrefix)) return true
  const prefix = text.slice(0, length)
  if (!PREFIX.test(prefix)) return false
  lastPrefix = prefix
  return true
}

/** SHA-256 of a whole key, in 64 lower-case hexadecimal digits: what a registry is asked for. */
export function digestOf(key: string): string {
  return hash('sha256', key)
}

/** What may be shown of a key made by {@link issueKey}, e.g. `key_…x7Qz`: apart from the key in memory. */
export function hintOf(key: string): string {
  return inOnePiece(`${key.slice(0, key.length - BODY_LENGTH)}…${key.slice(-HINT_LENGTH)}`)
}

/** Bytes of 248 and above are drawn again: 256 is no multiple of 62, and the first characters would come up more often. */
function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += BASE62[byte % 62]
    }
  }
  return text
}

function base62(value: number, length: number): string {
  let text = ''
  for (let rest = value, i = 0; i < length; i++, rest = Math.floor(rest / 62)) {
    text = BASE62.charAt(rest % 62) + text
  }
  return text
}
