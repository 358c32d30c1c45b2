import { ServerResponse } from 'node:http'
import type { ResponseHead } from '../head.js'
import type { Outgoing } from './outgoing.js'

/** Node's own, which writes the head out at once. Whoever puts another in its place may do otherwise. */
const { writeHead } = ServerResponse.prototype

/** A response of HTTP/1.1 whose head Node keeps as the text that it will send. */
interface Written extends ServerResponse {
  _header: string | null
}

/** Whether lines can be added to the head that this function writes. */
export function takesLines(res: Outgoing, by: unknown): res is ServerResponse {
  return by === writeHead && (res as Written)._header === null
}

/**
 * Adds whole lines, written out before, to a head that has just been written. `setHeader` checks, keeps and looks up each field,
 * and Node then reads them all again: for the five fields of a stamp that is a tenth of what a small answer costs.
 *
 * @param lines are sent as they are: nothing of a caller's may be in them
 */
export function addLines(res: ServerResponse, lines: string): void {
  const written = res as Written
  written._header = `${written._header!.slice(0, -LINE_END.length)}${lines}${LINE_END}`
}

const LINE_END = '\r\n'

/** Takes what is set on a head: as a line to be added where the app has not set such a field itself. */
export class AddedLines implements ResponseHead {
  lines = ''
  readonly #res: ServerResponse
  readonly #names: string[]

  constructor(res: ServerResponse) {
    this.#res = res
    this.#names = res.getHeaderNames()
  }

  get statusCode(): number {
    return this.#res.statusCode
  }

  getHeaderNames(): string[] {
    return this.#names
  }

  getHeader(name: string): ReturnType<ResponseHead['getHeader']> {
    return this.#res.getHeader(name)
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (typeof value === 'string' && !this.#names.includes(name.toLowerCase())) {
      this.lines += `${name}: ${value}${LINE_END}`
    } else {
      this.#res.setHeader(name, value)
    }
  }

  addLines(lines: string): void {
    this.lines += lines
  }

  removeHeader(name: string): void {
    this.#res.removeHeader(name)
  }
}
