/** The header fields of a response whose head is about to be written. A `ServerResponse` of Node is one, over HTTP/1.1 and HTTP/2. */
export interface ResponseHead {
  readonly statusCode: number
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
  removeHeader(name: string): void
  getHeaderNames(): string[]
  /**
   * Adds whole lines, each with its CRLF, of fields that are not set. Absent where fields can only be set one by one.
   * They are sent as they are: nothing of a caller's may be in them.
   */
  addLines?(lines: string): void
}
