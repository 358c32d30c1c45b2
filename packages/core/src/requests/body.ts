import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

interface BodyCheck {
  /** Refuses by Content-Length, before any of the body is read. */
  check(request: GateRequest): Ground | undefined
  readonly tooLarge: Ground
  readonly maxBodyBytes: number
}

/** Refuses bodies over the bound, as `body-too-large`. */
export function createBodyCheck(maxBodyBytes = Infinity): BodyCheck {
  const tooLarge = Object.freeze<Ground>({
    reason: 'body-too-large',
    detail: Number.isFinite(maxBodyBytes)
      ? `The body may be at most ${maxBodyBytes} bytes.`
      : 'Send a smaller body.',
  })
  return {
    tooLarge,
    maxBodyBytes,
    check({ headers, hasBody }) {
      if (!hasBody) return undefined
      const length = headers['content-length']
      if (length === undefined || maxBodyBytes === Infinity) return undefined
      // RFC 9112 §6.3: with Transfer-Encoding the length says nothing; who reads the body counts it.
      if (headers['transfer-encoding'] !== undefined) return undefined
      // A length that is no number is not within the bound either.
      return Number(length) <= maxBodyBytes ? undefined : tooLarge
    },
  }
}
