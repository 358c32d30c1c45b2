import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'

/** A response as Node gives it, over HTTP/1.1 or HTTP/2. */
export type Outgoing = ServerResponse | Http2ServerResponse
