import { type Directives, least, NOTHING_SAID } from './directives.js'

/**
 * What a policy permits where it leaves something open: `private`, since the answer belongs to one account (RFC 9111 §3.5
 * does not protect keys outside `Authorization`, and `must-revalidate` lifts the protection), and no lifetime, since a
 * cache would guess one of its own (§4.2.2).
 */
export function asCeiling(policy: Directives): Directives {
  if (policy.noStore) return policy
  const maxAge = policy.maxAge ?? (policy.noCache ? undefined : 0)
  return { ...policy, visibility: policy.visibility ?? 'private', maxAge }
}

/** What both the ceiling and a handler's own word permit. What the own word leaves open is as the ceiling says. */
export function narrow(ceiling: Directives, own: Directives): Directives {
  const noTransform = ceiling.noTransform || own.noTransform
  // Nothing beside it: must-understand would let a cache pass over the no-store (RFC 9111 §5.2.2.3).
  if (ceiling.noStore || own.noStore) return { ...NOTHING_SAID, noStore: true, noTransform }

  const visibility = ceiling.visibility === 'public' && own.visibility !== 'private' ? 'public' : 'private'
  const sharedMaxAge = visibility === 'public' ? leastShared(ceiling, own) : undefined
  const mustRevalidate = ceiling.mustRevalidate || own.mustRevalidate
  const proxyRevalidate = ceiling.proxyRevalidate || own.proxyRevalidate
  const noCache = ceiling.noCache || own.noCache
  // Each of them forbids a stale answer (RFC 9111 §4.2.4), so beside them there is nothing to permit.
  const neverStale = mustRevalidate || proxyRevalidate || noCache || sharedMaxAge !== undefined

  return {
    visibility,
    noStore: false,
    // A ceiling without a lifetime says no-cache: there is none to shorten.
    maxAge: ceiling.maxAge === undefined ? undefined : least(ceiling.maxAge, own.maxAge),
    sharedMaxAge,
    staleWhileRevalidate: neverStale
      ? undefined
      : ifBoth(ceiling.staleWhileRevalidate, own.staleWhileRevalidate),
    staleIfError: neverStale ? undefined : ifBoth(ceiling.staleIfError, own.staleIfError),
    mustRevalidate,
    proxyRevalidate,
    noCache,
    noTransform,
    immutable: ceiling.immutable && own.immutable,
    mustUnderstand: ceiling.mustUnderstand || own.mustUnderstand,
    extensions: [...new Set([...ceiling.extensions, ...own.extensions])],
  }
}

/**
 * The same, as a shared cache reads it: its lifetime is that of `s-maxage` (RFC 9111 §5.2.2.10). Extensions were said to
 * others, and might be no structured fields.
 */
export function forSharedCaches(ceiling: Directives): Directives {
  return {
    ...ceiling,
    maxAge: ceiling.sharedMaxAge ?? ceiling.maxAge,
    sharedMaxAge: undefined,
    extensions: [],
  }
}

/** A `max-age` of either side shortens what the other's `s-maxage` gives a shared cache. */
function leastShared(ceiling: Directives, own: Directives): number | undefined {
  if (ceiling.sharedMaxAge === undefined && own.sharedMaxAge === undefined) return undefined
  return least(ceiling.sharedMaxAge ?? ceiling.maxAge, own.sharedMaxAge ?? own.maxAge)
}

/** To serve stale is an allowance, so silence does not give it. */
function ifBoth(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.min(one, other)
}
