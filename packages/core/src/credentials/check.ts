import type { Ground } from '../refusal.js'
import { isPromise } from '../pending.js'
import { wireOf, type GateRequest } from '../request.js'
import { createCachedLookup } from './cached-lookup.js'
import { createGrounds } from './challenge.js'
import { createClientReader } from './client-header.js'
import { digestOf, hintOf, isIssuedKey } from './key.js'
import { createDirectLookup, NOT_AT_HAND, UNAVAILABLE } from './lookup.js'
import type { Found, LookupContext } from './lookup.js'
import { createNetworkCheck } from './networks.js'
import { settingsOf } from './options.js'
import type { CredentialsOptions, Scheme } from './options.js'
import { createReader } from './read.js'
import { createUrlCheck } from './url.js'
import { isInForce, standingOf, VerifiedIdentity, verify } from './verify.js'
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
  const reader = createReader(settings, grounds)
  const claimedClient = createClientReader(settings.clientHeader)
  const networks = createNetworkCheck(context.addressOf ?? ((request) => request.remoteAddress))
  const hintIn = (scheme: Scheme) => (value: string) => {
    const sent = reader.read(value, scheme === 'header')
    return 'reason' in sent ? '' : hintOfAny(sent.key)
  }
  const ways = waysTo(settings.header, hintIn)
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

  const first = (value: string, inOwnField: boolean, beside: string | undefined) => {
    const sent = reader.read(value, inOwnField)
    if ('reason' in sent) return sent
    const { key, scheme } = sent
    // Two ids that differ cannot both be the key's.
    if (beside !== undefined && beside !== (sent.client ?? beside)) return grounds.invalid[scheme]
    const client = beside ?? sent.client
    const way = ways[client === undefined ? 'alone' : 'besideClient'][scheme]
    return answer({ value, way, digest: digestOf(key), client })
  }

  /**
   * The same identity, where its registration is the same and its credential in force. One that is bound to networks is made anew: the
   * next request of a socket may come from elsewhere, through a proxy.
   */
  const again = (known: VerifiedIdentity): Identity | Ground | Promise<Identity | Ground> => {
    const found = lookup.peek(known.credential.digest)
    const isSame = found !== NOT_AT_HAND && found !== UNAVAILABLE && known.isOf(found)
    if (!isSame || known.client.networks != null) return answer(known.claim)
    return isInForce(known.credential, clock) ? known : grounds.invalid[known.way.scheme]
  }

  /** Whether this room has verified it, from the same field, with the same client's id beside it. */
  const cameAlike = ({ way, client }: VerifiedIdentity, inOwnField: boolean, beside: string | undefined) => {
    const { scheme, namesClient } = way
    if (way !== ways[namesClient ? 'besideClient' : 'alone'][scheme]) return false
    if ((scheme === 'header') !== inOwnField) return false
    return beside === undefined ? !namesClient || scheme === 'basic' : namesClient && beside === client.id
  }

  const note = (wire: object, who: Identity | Ground) => {
    if (!('reason' in who)) (who as VerifiedIdentity).noteOn(wire)
    return who
  }

  return {
    identify(request) {
      if (isInUrl(request)) return grounds.inUrl
      const value = reader.find(request)
      if (typeof value !== 'string') return value
      const inOwnField = reader.isInOwnField(request)
      const beside = claimedClient?.(request)
      const wire = wireOf(request)
      const known = wire && VerifiedIdentity.seenOn(wire, value)
      const who =
        known && cameAlike(known, inOwnField, beside) ? again(known) : first(value, inOwnField, beside)
      if (!wire || who === known) return who
      return isPromise(who) ? who.then((found) => note(wire, found)) : note(wire, who)
    },
    recheck: (identity) => again(identity as VerifiedIdentity),
    against(who, from) {
      if (!networks.allows(who, from)) return grounds.outside
      return standingOf(who, api, clock, grounds)
    },
    close: () => lookup.close(),
  }
}

/** The ways of a key, with the client's id beside it and without. */
function waysTo(
  header: string,
  hintIn: (scheme: Scheme) => Way['hintIn'],
): Record<'alone' | 'besideClient', Record<Scheme, Way>> {
  const way = (scheme: Scheme, field: string, namesClient: boolean): Way => ({
    scheme,
    field,
    namesClient,
    hintIn: hintIn(scheme),
  })
  const ways = (namesClient: boolean): Record<Scheme, Way> => ({
    bearer: way('bearer', 'Authorization', namesClient),
    basic: way('basic', 'Authorization', namesClient),
    header: way('header', header, namesClient),
  })
  return { alone: ways(false), besideClient: ways(true) }
}

/** The end of a key of the provider's own making may be most of it: its digest tells keys apart as well. */
function hintOfAny(key: string): string {
  return isIssuedKey(key) ? hintOf(key) : `sha256:…${digestOf(key).slice(-6)}`
}
