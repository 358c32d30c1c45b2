import type { Ground } from '../refusal.js'
import { isPromise } from '../pending.js'
import { wireOf, type GateRequest } from '../request.js'
import { createCachedLookup } from './cached-lookup.js'
import { createGrounds } from './challenge.js'
import { createClientReader } from './client-header.js'
import { digestOf, hintOf, isIssuedKey } from '../accounts/key.js'
import { createDirectLookup, NOT_AT_HAND, UNAVAILABLE } from './lookup.js'
import type { Found, LookupContext } from './lookup.js'
import { createNetworkCheck } from './networks.js'
import { settingsOf } from './options.js'
import type { CredentialsOptions, Scheme } from './options.js'
import { createReader } from './read.js'
import { answersWithRecords } from '../accounts/recorded.js'
import { createUrlCheck } from './url.js'
import { isInForce, RefusedClaim, standingOf, VerifiedIdentity, verify } from './verify.js'
import type { Claim, Identity } from './verify.js'
import { Way } from './way.js'
import { lastOn, noteOn } from './wire.js'

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
   * What speaks against somebody whose credential is valid: where it comes from, whom it says it is, its status, another API. `from` is its
   * request or, where that is gone, the identity that was known of it before.
   */
  against(who: Identity, from: GateRequest | Identity): Ground | undefined
  /** Whether `against` has nothing to say of somebody, now and as long as the registration is the same. */
  isPlain(who: Identity): boolean
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
  const claimedClient = createClientReader(settings.clientHeader)
  const networks = createNetworkCheck(context.addressOf ?? ((request) => request.remoteAddress))
  const reader = createReader(settings, grounds)
  const way = (scheme: Scheme, field: string) =>
    new Way(scheme, field, (value) => {
      const sent = reader.read(value, scheme === 'header')
      return 'reason' in sent ? '' : hintOfAny(sent.key)
    })
  const ways: Record<Scheme, Way> = {
    bearer: way('bearer', 'Authorization'),
    basic: way('basic', 'Authorization'),
    header: way('header', settings.header),
  }
  const lookup = registry.peekByDigest
    ? createDirectLookup((digest) => registry.peekByDigest?.(digest), context)
    : createCachedLookup(settings, context)

  const recorded = answersWithRecords(registry)

  const judge = (found: Found, claim: Claim): Identity | Ground =>
    found === UNAVAILABLE ? grounds.unavailable : verify(found, claim, clock, grounds)

  const answer = (claim: Claim): Identity | Ground | Promise<Identity | Ground> => {
    const found = lookup.peek(claim.digest)
    return found === NOT_AT_HAND
      ? lookup.wait(claim.digest, (late) => judge(late, claim))
      : judge(found, claim)
  }

  const read = (value: string, inOwnField: boolean): Claim | Ground => {
    const sent = reader.read(value, inOwnField)
    if ('reason' in sent) return sent
    return { value, way: ways[sent.scheme], digest: digestOf(sent.key), client: sent.client }
  }

  /** The same identity, where its registration is the same and its credential in force. */
  const again = (known: VerifiedIdentity): Identity | Ground | Promise<Identity | Ground> => {
    const stands = recorded ? known.isCurrent : known.isOf(lookup.peek(known.credential.digest))
    if (!stands) return answer(known.claim)
    return known.isPlain || isInForce(known.credential, clock) ? known : grounds.invalid[known.way.scheme]
  }

  /** What came through a wire last, where it is the same again: read by this room, from the same field. */
  const known = (wire: object, value: string, inOwnField: boolean) => {
    const last = lastOn(wire, value) as VerifiedIdentity | RefusedClaim | undefined
    if (!last) return undefined
    const { way: came } = last
    const alike = inOwnField ? came === ways.header : came === ways.bearer || came === ways.basic
    return alike ? last : undefined
  }

  /** Notes on a wire what came through it, by whom it turned out to be. */
  const noting = (
    wire: object,
    came: VerifiedIdentity | RefusedClaim,
    who: Identity | Ground | Promise<Identity | Ground>,
  ) => {
    const note = (found: Identity | Ground) => {
      noteOn(wire, 'reason' in found ? came : (found as VerifiedIdentity))
      return found
    }
    return isPromise(who) ? who.then(note) : note(who)
  }

  return {
    identify(request) {
      if (isInUrl(request)) return grounds.inUrl
      const found = reader.find(request)
      const inOwnField = typeof found === 'object'
      if (inOwnField && 'reason' in found) return found
      const value = inOwnField ? found.own : found
      const wire = wireOf(request)
      const last = wire && known(wire, value, inOwnField)
      if (last instanceof VerifiedIdentity) {
        // Through a proxy's socket come requests from many places: what is open keeps the one that it came from.
        const who = networks.isElsewhere(last, request) ? answer(last.claim) : again(last)
        return who === last ? who : noting(wire!, last, who)
      }
      const claim = last?.claim ?? read(value, inOwnField)
      if ('reason' in claim) return claim
      const who = answer(claim)
      return wire ? noting(wire, last ?? new RefusedClaim(claim), who) : who
    },
    recheck: (identity) => again(identity as VerifiedIdentity),
    isPlain: (who) => !claimedClient && (who as VerifiedIdentity).isPlain,
    against(who, from) {
      const verified = who as VerifiedIdentity
      if (!networks.allows(verified, from as GateRequest | VerifiedIdentity)) return grounds.outside
      if (claimedClient && (claimedClient(from) ?? who.client.id) !== who.client.id)
        return grounds.invalid[verified.way.scheme]
      return standingOf(verified, api, clock, grounds)
    },
    close: () => lookup.close(),
  }
}

/** The end of a key of the provider's own making may be most of it: its digest tells keys apart as well. */
function hintOfAny(key: string): string {
  return isIssuedKey(key) ? hintOf(key) : `sha256:…${digestOf(key).slice(-6)}`
}
