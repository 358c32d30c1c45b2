import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { createCachedLookup } from './cached-lookup.js'
import { createGrounds } from './challenge.js'
import { createClientReader } from './client-header.js'
import { digestOf, hintOf, isIssuedKey } from './key.js'
import type { Hint } from './key.js'
import { createDirectLookup, NOT_AT_HAND, UNAVAILABLE } from './lookup.js'
import type { Found, LookupContext } from './lookup.js'
import { createNetworkCheck } from './networks.js'
import { settingsOf } from './options.js'
import type { CredentialsOptions, Scheme } from './options.js'
import { createReader } from './read.js'
import { createUrlCheck } from './url.js'
import { standingOf, VerifiedIdentity, verify } from './verify.js'
import type { Claim, Identity, Way } from './verify.js'

/** Says who asks. Tell an identity and a ground apart with `'reason' in answer`. */
export interface CredentialCheck {
  /**
   * Who asks, or the ground for turning the request away. A promise only where the registry has to be waited for. It says what holds when
   * it resolves; who awaits it goes on a turn later, and `recheck` tells whether anything changed in between.
   */
  identify(request: GateRequest): Identity | Ground | Promise<Identity | Ground>
  /** Looks again at an identity got earlier, after a wait: what `identify` would answer for its credential now. */
  recheck(identity: Identity): Identity | Ground | Promise<Identity | Ground>
  /**
   * What speaks against somebody whose credential is valid: where it comes from, its status, another API. `from` is its request or, where
   * that is gone, the identity that was known of it before.
   */
  against(who: Identity, from: GateRequest | Identity): Ground | undefined
  /** Ends the subscription to the registry, and look-ups under way. */
  close(): void
}

/** What the room needs of the gate. */
export interface CredentialContext extends LookupContext {
  /** The API's name: what `Client.apis` lists. */
  readonly api: string
  /** Where a request comes from, as trusted proxies tell it. Absent: the peer of its socket. */
  readonly addressOf?: (request: GateRequest) => string | undefined
}

/** @param options have passed `credentialsSchema` */
export function createCredentialCheck(
  options: CredentialsOptions,
  context: CredentialContext,
): CredentialCheck {
  const { api, clock, registry } = context
  const settings = settingsOf(options, api)
  const grounds = createGrounds(settings)
  const isInUrl = createUrlCheck(settings.header)
  const read = createReader(settings, grounds)
  const hint = settings.format === 'any' ? hintOfAny : hintOf
  const shortHint = createShortener()
  const claimedClient = createClientReader(settings.clientHeader)
  const networks = createNetworkCheck(context.addressOf ?? ((request) => request.remoteAddress))
  const ways = waysTo(settings.header)
  const lookup = registry.peekByDigest
    ? createDirectLookup((digest) => registry.peekByDigest?.(digest), context)
    : createCachedLookup(settings, context)

  const judge = (found: Found, claim: Claim): Identity | Ground =>
    found === UNAVAILABLE ? grounds.unavailable : verify(found, claim, clock, grounds)

  const answer = (claim: Claim): Identity | Ground | Promise<Identity | Ground> => {
    const found = lookup.peek(claim.digest)
    return found === NOT_AT_HAND
      ? lookup.wait(claim.digest, (late) => judge(late, claim))
      : judge(found, claim)
  }

  return {
    identify(request) {
      if (isInUrl(request)) return grounds.inUrl
      const sent = read(request)
      if ('reason' in sent) return sent
      const { key, scheme } = sent
      const digest = digestOf(key)
      const beside = claimedClient?.(request)
      // Two ids that differ cannot both be the key's.
      if (beside !== undefined && beside !== (sent.client ?? beside)) return grounds.invalid[scheme]
      const client = beside ?? sent.client
      const way = ways[client === undefined ? 'alone' : 'besideClient'][scheme]
      return answer({ digest, way, client, hint: shortHint(hint(key, digest)) })
    },
    recheck: (identity) => answer(VerifiedIdentity.claimOf(identity)),
    against(who, from) {
      if (!networks.allows(who, from)) return grounds.outside
      return standingOf(who, api, clock, grounds)
    },
    close: () => lookup.close(),
  }
}

/** The ways of a key, with the client's id beside it and without. */
function waysTo(header: string): Record<'alone' | 'besideClient', Record<Scheme, Way>> {
  const ways = (namesClient: boolean): Record<Scheme, Way> => ({
    bearer: { scheme: 'bearer', field: 'Authorization', namesClient },
    basic: { scheme: 'basic', field: 'Authorization', namesClient },
    header: { scheme: 'header', field: header, namesClient },
  })
  return { alone: ways(false), besideClient: ways(true) }
}

/** The end of a key of the provider's own making may be most of it: its digest tells keys apart as well. */
function hintOfAny(key: string, digest: string): Hint {
  return isIssuedKey(key) ? hintOf(key) : { start: 'sha256:', end: digest.slice(-6) }
}

/**
 * Most keys begin alike: one start is kept for all of them, and as a copy, since what is cut out of a long text keeps the whole of it
 * in memory, which is the key.
 */
function createShortener(): (hint: Hint) => Hint {
  let kept = ''
  return (hint) => {
    if (hint.start !== kept) kept = Buffer.from(hint.start).toString()
    return { start: kept, end: hint.end }
  }
}
