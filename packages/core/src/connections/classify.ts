import type { GateRequest } from '../request.js'

/** RFC 9110 §9.2.1: these read. Whatever else there is, methods not known yet included, counts as a write. */
export function readOrWrite(request: GateRequest): string {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'TRACE':
      return 'read'
    default:
      return 'write'
  }
}
