import type { ServerResponse } from 'node:http'
import type { ResponseHead } from '../head.js'

/**
 * Takes what is set on a head: as a line to be added where the app has not set such a field itself. `setHeader` checks, keeps and looks up
 * each field, and Node then reads them all again: for the five fields of a stamp that is a tenth of what a small answer costs.
 */
export class AddedLines implements ResponseHead {
  lines = ''

  constructor(
    private readonly res: ServerResponse,
    readonly statusCode: number,
    private readonly names: string[],
  ) {}

  getHeaderNames(): string[] {
    return this.names
  }

  getHeader(name: string): ReturnType<ResponseHead['getHeader']> {
    return this.res.getHeader(name)
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (this.names.includes(name.toLowerCase())) this.res.setHeader(name, value)
    else for (const line of typeof value === 'string' ? [value] : value) this.lines += `${name}: ${line}\r\n`
  }

  addLines(lines: string): void {
    this.lines += lines
  }

  removeHeader(name: string): void {
    this.res.removeHeader(name)
  }
}
