/** What an adapter knows of the caller. */
export interface Caller {
  /** Whether the request came over TLS, as far as the adapter can tell. */
  readonly secure: boolean
  /** The address of the peer of the socket: of the proxy, where there is one. */
  readonly remoteAddress: string | undefined
}

/** What an adapter hands over of an HTTP request, as it arrived. */
export interface RequestParts {
  readonly method: string
  /** The request target of the first line, unaltered by any mount: `/v1/calls?x=1`, or in absolute form. */
  readonly target: string
  /** By lower-case name, as Node has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Name, value, name, value …, as they arrived: shows the repeated lines that `headers` hides. */
  readonly rawHeaders?: readonly string[]
  /** How the caller reached the provider; asked only where a check needs it. Default: without TLS, from nowhere known. */
  readonly caller?: Caller
  /** Whether content comes with it. By default: told from Content-Length and Transfer-Encoding. */
  readonly hasBody?: boolean | undefined
  /**
   * What carries the request and others of the same caller, its socket: on it the gate notes who was seen last, so that a credential that comes
   * again is not read again. Absent: each is read.
   */
  readonly wire?: object | undefined
}

/** One canonical, read-only view of an HTTP request: every check of the gate, and every function among its options, reads this one. */
export interface GateRequest {
  readonly method: string
  /** The request target as it arrived. It may hold query values: keep it out of logs. */
  readonly target: string
  /** The path of the target, as it arrived: neither decoded nor shortened by a mount. */
  readonly path: string
  /** What follows the first `?`, or an empty string. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawHeaders: readonly string[]
  readonly secure: boolean
  readonly remoteAddress: string | undefined
  readonly hasBody: boolean
  /** What the `Upgrade` field asks for, where `Connection` names it: `websocket`. */
  readonly upgrade: string | undefined
}

/** Reads a request once, for every check. */
export function readRequest(parts: RequestParts): GateRequest {
  return new CanonicalRequest(parts)
}

/** {@link RequestParts.wire}. */
export function wireOf(request: GateRequest): object | undefined {
  return CanonicalRequest.wireOf(request)
}

class CanonicalRequest implements GateRequest {
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly headers: RequestParts['headers']
  readonly rawHeaders: readonly string[]
  readonly hasBody: boolean
  readonly upgrade: string | undefined
  readonly #caller: Caller
  readonly #wire: object | undefined

  constructor(parts: RequestParts) {
    const { target, headers } = parts
    const question = target.indexOf('?')
    this.method = parts.method
    this.target = target
    this.path = pathOf(target, question)
    this.query = question === -1 ? '' : target.slice(question + 1)
    this.headers = headers
    this.rawHeaders = parts.rawHeaders ?? NONE
    this.hasBody = parts.hasBody ?? declaresBody(headers)
    this.upgrade = headers.upgrade === undefined ? undefined : upgradeOf(headers)
    this.#caller = parts.caller ?? UNKNOWN
    this.#wire = parts.wire
  }

  /** Not a member of the view: functions among the options print requests. */
  static wireOf(request: GateRequest): object | undefined {
    return #wire in request ? request.#wire : undefined
  }

  get secure(): boolean {
    return this.#caller.secure
  }

  get remoteAddress(): string | undefined {
    return this.#caller.remoteAddress
  }
}

const SLASH = 47
const UNKNOWN: Caller = Object.freeze({ secure: false, remoteAddress: undefined })
const NONE: readonly string[] = Object.freeze([])

/** The path of a target, whose query begins where its first `?` stands. */
export function pathOf(target: string, question = target.indexOf('?')): string {
  const beforeQuery = question === -1 ? target : target.slice(0, question)
  return target.charCodeAt(0) === SLASH ? beforeQuery : pathOfAbsoluteForm(beforeQuery)
}

/** RFC 9112 §3.2.2: `http://host/path`. The asterisk form and the authority form have no path. */
function pathOfAbsoluteForm(target: string): string {
  const scheme = target.indexOf('://')
  if (scheme === -1) return target
  const slash = target.indexOf('/', scheme + 3)
  return slash === -1 ? '/' : target.slice(slash)
}

/** RFC 9112 §6.3: a request has content where one of these fields says so. */
export function declaresBody(headers: RequestParts['headers']): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length !== undefined && length !== '0'
}

/** RFC 9110 §7.8: without the `upgrade` option of Connection the field says nothing. */
function upgradeOf(headers: RequestParts['headers']): string | undefined {
  const connection = String(headers.connection ?? '').toLowerCase()
  const named = connection.split(',').some((option) => option.trim() === 'upgrade')
  return named ? String(headers.upgrade) : undefined
}
