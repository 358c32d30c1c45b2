/** The header fields of a response whose head is about to be written. A `ServerResponse` of Node is one, over HTTP/1.1 and HTTP/2. */
export interface ResponseHead {
  readonly statusCode: number
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
  removeHeader(name: string): void
  getHeaderNames(): string[]
}
