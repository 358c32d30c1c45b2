import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** Names the process of a gate so that an operator recognises it. The random part tells containers apart, where each process has the number 1. */
export function nameOfProcess(): string {
  const host =
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64) || 'host'
  return `${host}:${process.pid}:${randomBytes(6).toString('base64url')}`
}
