import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { isHttp2 } from './incoming.js'

/** A response as Node gives it, over HTTP/1.1 or HTTP/2. */
export type Outgoing = ServerResponse | Http2ServerResponse

/** Told by the request: an app may put a `stream` of its own on any response. */
export function isHttp2Response(res: Outgoing): res is Http2ServerResponse {
  return isHttp2(res.req)
}

/** Whether the caller is gone, or the response is over. */
export function isOver(res: Outgoing): boolean {
  if (isHttp2Response(res)) return res.stream === undefined || res.stream.destroyed
  return res.destroyed || res.req.socket.destroyed
}
