import { json } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import type { Dialling } from './calls.js'

/** The body of `POST /v1/calls`, or what is wrong with it, in a sentence for the caller. */
export async function readDialling(body: Readable): Promise<Dialling | string> {
  try {
    return diallingIn(await json(body))
  } catch {
    return 'The body is not JSON.'
  }
}

function diallingIn(body: unknown): Dialling | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return 'The body must be a JSON object.'
  const { from, to, ringMs } = body as Record<string, unknown>
  if (!isNumberToDial(from)) return '"from" must be an extension or a telephone number, as a string.'
  if (!isNumberToDial(to)) return '"to" must be an extension or a telephone number, as a string.'
  if (!isRingMs(ringMs)) return `"ringMs" must be a whole number of ms from 0 to ${LONGEST_RING_MS}.`
  return { from, to, ringMs }
}

function isNumberToDial(value: unknown): value is string {
  return typeof value === 'string' && /^\+?[0-9 ]{1,30}$/.test(value)
}

function isRingMs(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LONGEST_RING_MS
}

const LONGEST_RING_MS = 10_000
