import { completeClock } from '../clock.js'
import { createPathDecoder } from '../path-pattern.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { createBlockCheck, type Patience } from './block.js'
import { createBodyCheck } from './body.js'
import { createMediaTypeCheck } from './media-types.js'
import { createMethodCheck } from './methods.js'
import type { RequestsOptions } from './options.js'
import { refuseOverride } from './override.js'
import { createPathCheck } from './paths.js'
import { createTargetCheck } from './target.js'
import { createTransportCheck } from './transport.js'
import { createUpgradeCheck } from './upgrades.js'

/** What turns requests away for what they are, whoever sends them. */
export interface RequestCheck {
  /** Why a request is refused; `undefined` where nothing is against it. A promise only where a block rule's `when` returns one. */
  check(request: GateRequest): Ground | undefined | Promise<Ground | undefined>
  /** What speaks against the way that a request came, wherever it leads: the first of these checks to look at more than the target. */
  checkTransport(request: GateRequest): Ground | undefined
  /** For who counts a body that came without a length. */
  readonly bodyTooLarge: Ground
  /** In bytes; `Infinity` where there is no bound. */
  readonly maxBodyBytes: number
}

/** Checks in the order of cost and of dependence: a path is matched only after its target proved to have one reading. */
export function createRequestCheck(
  options: RequestsOptions,
  patience: Patience = { ms: Infinity, clock: completeClock(undefined) },
): RequestCheck {
  const checkTarget = createTargetCheck(options.maxTargetLength)
  const checkTransport = createTransportCheck(options.https, options.trustedProxies)
  const checkMethod = createMethodCheck(options.methods)
  const decode = createPathDecoder()
  const checkPath = createPathCheck(options.paths, decode)
  const checkUpgrade = createUpgradeCheck(options.upgrades)
  const checkBlocked = createBlockCheck(options.block, decode, patience)
  const body = createBodyCheck(options.maxBodyBytes)
  const checkMediaType = createMediaTypeCheck(options.mediaTypes)

  const checkContent = (request: GateRequest) => body.check(request) ?? checkMediaType(request)

  return {
    checkTransport,
    bodyTooLarge: body.tooLarge,
    maxBodyBytes: body.maxBodyBytes,
    check(request) {
      const ground =
        checkTarget(request) ??
        checkTransport(request) ??
        refuseOverride(request) ??
        checkMethod(request) ??
        checkPath(request) ??
        checkUpgrade(request) ??
        checkBlocked(request)
      if (ground === undefined) return checkContent(request)
      return 'then' in ground ? ground.then((blocked) => blocked ?? checkContent(request)) : ground
    },
  }
}
