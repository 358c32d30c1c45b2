import { completeClock } from '../clock.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { createBlockCheck, type Patience } from './block.js'
import { createBodyCheck } from './body.js'
import { createMediaTypeCheck } from './media-types.js'
import { createMethodCheck } from './methods.js'
import type { RequestsOptions } from './options.js'
import { refuseOverride } from './override.js'
import { createPathReader } from './reading.js'
import { createLengthCheck, createTargetCheck } from './target.js'
import { createTransportCheck } from './transport.js'
import { createUpgradeCheck } from './upgrades.js'

/** What turns requests away for what they are, whoever sends them. */
export interface RequestCheck {
  /** Why a request is refused; `undefined` where nothing is against it. A promise only where a block rule's `when` returns one. */
  check(request: GateRequest): Ground | undefined | Promise<Ground | undefined>
  /** The same for what depends on who asks; absent where nothing does. */
  readonly checkFor:
    | ((request: GateRequest, account: string) => ReturnType<RequestCheck['check']>)
    | undefined
  /** What speaks against the way that a request came, wherever it leads: the first of these checks to look at more than the target. */
  checkTransport(request: GateRequest): Ground | undefined
  /** For who counts a body that came without a length. */
  readonly bodyTooLarge: Ground
  /** In bytes; `Infinity` where there is no bound. */
  readonly maxBodyBytes: number
}

const notDocumented = Object.freeze<Ground>({
  reason: 'path-not-documented',
  detail: 'Use a path that the documentation of the API lists.',
})

/** Checks in the order of cost and of dependence: a path is matched only after its target proved to have one reading. */
export function createRequestCheck(
  options: RequestsOptions,
  patience: Patience = { ms: Infinity, clock: completeClock(undefined) },
): RequestCheck {
  const checkLength = createLengthCheck(options.maxTargetLength)
  const checkTarget = createTargetCheck()
  const checkTransport = createTransportCheck(options.https, options.trustedProxies)
  const checkMethod = createMethodCheck(options.methods)
  const checkUpgrade = createUpgradeCheck(options.upgrades)
  const block = createBlockCheck(options.block, patience)
  const pathOf = createPathReader(options.paths, block)
  const body = createBodyCheck(options.maxBodyBytes)
  const checkMediaType = createMediaTypeCheck(options.mediaTypes)

  const checkContent = (request: GateRequest) => body.check(request) ?? checkMediaType(request)

  const checkFor = (request: GateRequest, account: string) => {
    const { forSome } = pathOf(request.path).blockRules
    return block.check(
      request,
      forSome.filter(({ accounts }) => accounts!.has(account)),
    )
  }

  return {
    checkFor: block.asksWho ? checkFor : undefined,
    checkTransport,
    bodyTooLarge: body.tooLarge,
    maxBodyBytes: body.maxBodyBytes,
    check(request) {
      const tooLong = checkLength(request)
      if (tooLong) return tooLong
      const path = pathOf(request.path)
      const ground =
        checkTarget(request, path) ??
        checkTransport(request) ??
        refuseOverride(request) ??
        checkMethod(request) ??
        (path.isDocumented ? undefined : notDocumented) ??
        checkUpgrade(request) ??
        block.check(request, path.blockRules.forAll)
      if (ground === undefined) return checkContent(request)
      return 'then' in ground ? ground.then((blocked) => blocked ?? checkContent(request)) : ground
    },
  }
}
