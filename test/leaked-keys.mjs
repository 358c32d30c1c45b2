// Finds keys in what has been printed. Of all tests this one must not believe the package's own word for what a key is.
import { stripVTControlCharacters } from 'node:util'
import { crc32 } from 'node:zlib'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_LENGTH = 38
const CHECKSUM_LENGTH = 6
const PREFIX_LENGTH = 32
const BODIES = /_(?=([0-9A-Za-z]{38}))/g
const PREFIX = /^[A-Za-z](?:[0-9A-Za-z_]*[0-9A-Za-z])?$/

/** The lines of a text that tell a key which was issued: its form, and the right checksum; each with no more of it than its hint. */
export function linesWithKeys(text) {
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => keysIn(line).length > 0)
    .map((line) => keysIn(line).reduce((left, key) => left.replaceAll(key, hintOf(key)), line))
}

/** What stands right before a prefix may look like a part of it, so that each beginning is tried. */
function keysIn(line) {
  return [...line.matchAll(BODIES)].flatMap(({ index, 1: body }) => {
    const prefixes = Array.from({ length: Math.min(PREFIX_LENGTH, index) }, (_, at) =>
      line.slice(index - at - 1, index),
    )
    return prefixes.filter((prefix) => isKey(prefix, body)).map((prefix) => `${prefix}_${body}`)
  })
}

function isKey(prefix, body) {
  if (!PREFIX.test(prefix)) return false
  const checksum = [...body.slice(-CHECKSUM_LENGTH)].reduce(
    (value, digit) => value * BASE62.length + BASE62.indexOf(digit),
    0,
  )
  return crc32(`${prefix}_${body.slice(0, -CHECKSUM_LENGTH)}`) === checksum
}

function hintOf(key) {
  return `${key.slice(0, -BODY_LENGTH)}…${key.slice(-4)}`
}
