import type { Ground } from '../refusal.js'
import { isPromise } from '../pending.js'
import { wireOf, type GateRequest } from '../request.js'
import { createCachedLookup } from './cached-lookup.js'
import { createGrounds } from './challenge.js'
import { digestOf, hintOf, isIssuedKey } from './key.js'
import type { Hint } from './key.js'
import { createDirectLookup, NOT_AT_HAND, UNAVAILABLE } from './lookup.js'
import type { Found, LookupContext } from './lookup.js'
import { settingsOf } from './options.js'
import type { CredentialsOptions, Scheme } from './options.js'
import { LastSeen } from './last-seen.js'
import { createReader } from './read.js'
import { createUrlCheck } from './url.js'
import { against, VerifiedIdentity, verify } from './verify.js'
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
  /** Ends the subscription to the registry, and look-ups under way. */
  close(): void
}

/** What the room needs of the gate. */
export interface CredentialContext extends LookupContext {
  /** The API's name: what `Client.apis` lists. */
  readonly api: string
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
  const hint = settings.format === 'any' ? hintOfAny : hintOf
  const shortHint = createShortener()
  const ways: Record<Scheme, Way> = {
    bearer: { scheme: 'bearer', field: 'Authorization' },
    basic: { scheme: 'basic', field: 'Authorization' },
    header: { scheme: 'header', field: settings.header },
  }
  const lookup = registry.peekByDigest
    ? createDirectLookup((digest) => registry.peekByDigest?.(digest), context)
    : createCachedLookup(settings, context)

  const judge = (found: Found, claim: Claim): Identity | Ground =>
    found === UNAVAILABLE ? grounds.unavailable : verify(found, claim, api, clock, grounds)

  const answer = (claim: Claim): Identity | Ground | Promise<Identity | Ground> => {
    const found = lookup.peek(claim.digest)
    return found === NOT_AT_HAND
      ? lookup.wait(claim.digest, (late) => judge(late, claim))
      : judge(found, claim)
  }

  const claimIn = (value: string, request: GateRequest): Claim | Ground => {
    const sent = reader.read(value, request)
    if ('reason' in sent) return sent
    const { key, scheme, client } = sent
    const digest = digestOf(key)
    return { digest, way: ways[scheme], client, hint: shortHint(hint(key, digest)) }
  }

  /** Who was seen on this wire before with the same value: the same identity, where its registration is the same and stands. */
  const again = (known: VerifiedIdentity): Identity | Ground | Promise<Identity | Ground> => {
    const found = lookup.peek(known.credential.digest)
    if (found === NOT_AT_HAND || found === UNAVAILABLE || !known.isOf(found))
      return answer(VerifiedIdentity.claimOf(known))
    return against(found, known.way, api, clock, grounds) ?? known
  }

  const first = (value: string, request: GateRequest) => {
    const claim = claimIn(value, request)
    return 'reason' in claim ? claim : answer(claim)
  }

  /** Whether this room has seen it, in the field in which the value stands now. */
  const cameAlike = ({ way }: VerifiedIdentity, request: GateRequest) =>
    way === ways[way.scheme] && (way.scheme === 'header') === reader.isOwnField(request)

  const note = (wire: object, value: string, who: Identity | Ground) => {
    if (!('reason' in who)) LastSeen.note(wire, value, who as VerifiedIdentity)
    return who
  }

  return {
    identify(request) {
      if (isInUrl(request)) return grounds.inUrl
      const value = reader.find(request)
      if (typeof value !== 'string') return value
      const wire = wireOf(request)
      const known = wire && LastSeen.on(wire, value)
      const who = known && cameAlike(known, request) ? again(known) : first(value, request)
      if (!wire || who === known) return who
      return isPromise(who) ? who.then((found) => note(wire, value, found)) : note(wire, value, who)
    },
    recheck: (identity) => answer(VerifiedIdentity.claimOf(identity)),
    close: () => lookup.close(),
  }
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
