import { readRequest, type GateRequest } from '../src/request.js'
import { createRequestCheck, type RequestsOptions } from '../src/requests/index.js'

export interface Asked {
  method?: string
  target?: string
  /** Field lines in their order; a Host line is put before them unless one is among them. */
  lines?: readonly (readonly [string, string])[]
  secure?: boolean
  remoteAddress?: string
}

/** A request as Node would hand it over: the first of repeated Host and Content-Type lines in `headers`, all in `rawHeaders`. */
export function asked({ method = 'GET', target = '/v1/calls', lines = [], ...caller }: Asked): GateRequest {
  const hasHost = lines.some(([name]) => /^(?:host|:authority)$/i.test(name))
  const all = hasHost ? lines : ([['Host', 'api.example'], ...lines] as const)
  const headers: Record<string, string> = {}
  for (const [name, value] of all) {
    const key = name.toLowerCase()
    const before = headers[key]
    if (before === undefined) headers[key] = value
    else if (key !== 'host' && key !== 'content-type') headers[key] = `${before}, ${value}`
  }
  return readRequest({
    method,
    target,
    headers,
    rawHeaders: all.flat(),
    caller: { secure: caller.secure ?? false, remoteAddress: caller.remoteAddress },
  })
}

/** The ground on which a request is refused, or `undefined`. */
export function ask(options: RequestsOptions, request: Asked) {
  return createRequestCheck(options).check(asked(request))
}

/** The reason alone; `admitted` where nothing is against the request. */
export async function reason(options: RequestsOptions, request: Asked): Promise<string> {
  return (await ask(options, request))?.reason ?? 'admitted'
}
