import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'

/** What a handler answers: values, and for what is streamed a source that is read as fast as the caller reads. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Readable
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

/** A problem of the API's own (RFC 9457): `about:blank` says that the status tells all there is to its type (§4.2.1). */
export function problem(status: number, detail: string, headers: Record<string, string> = {}): Answer {
  const document = { type: 'about:blank', title: STATUS_CODES[status], status, detail }
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify(document),
  }
}

export function noContent(): Answer {
  return { status: 204, headers: {} }
}

export function stream(
  parts: Iterable<Buffer> | AsyncIterable<string>,
  headers: Record<string, string>,
): Answer {
  return { status: 200, headers, body: Readable.from(parts) }
}
