import type { Look, Met } from './duty.js'

/** Clauses 1 and 8: acceptance is looked at where the versions of the Terms are given. */
export const acceptance =
  (does: string): Look =>
  ({ said }) => {
    if (!said.has('terms.versions'))
      return [{ open: 'acceptance is not looked at', by: 'terms.versions', remedy: 'set terms.versions' }]
    const by = 'terms.acceptance'
    if (said.get(by) === 'notify')
      return [
        {
          met: 'monitored',
          by,
          does: 'clients that owe an acceptance are warned',
          inObserveMode: 'reported',
        },
        { open: 'nobody is refused for want of acceptance', by, remedy: "set terms.acceptance to 'enforce'" },
      ]
    return [{ met: 'enforced', by: 'terms.versions', does, inObserveMode: 'reported' }]
  }

/** An acceptance that nobody looks at is no record of an agreement. */
export const acceptanceRecorded: Look = ({ said, registry }) => {
  const by = 'registry.acceptTerms'
  if (!said.has('terms.versions')) return []
  const does = 'an acceptance is kept with its version, when, by whom and for which entity'
  if (registry.writable) return [{ met: 'kept in records', by, does, inObserveMode: 'as ever' }]
  const remedy = 'give a registry that can be written, or give termsRouter an object with acceptTerms'
  return [{ open: 'the registry given records no acceptances', by, remedy }]
}

/** Clause 1(c). */
export const registrationLooked: Look = ({ said }) => {
  const met: Met = said.get('registration.whenStale') === 'refuse' ? 'enforced' : 'monitored'
  const inObserveMode = met === 'enforced' ? 'reported' : 'as ever'
  const requires = said.get('registration.requires')
  return [
    said.has('registration.reviewMs')
      ? {
          met,
          by: 'registration.reviewMs',
          does: 'registrations that were not verified for too long are found',
          inObserveMode,
        }
      : {
          open: 'it is not looked at when a registration was verified',
          by: 'registration.reviewMs',
          remedy: 'set registration.reviewMs',
        },
    Array.isArray(requires) && requires.length > 0
      ? {
          met,
          by: 'registration.requires',
          does: `registrations without ${requires.join(' or ')} are found`,
          inObserveMode,
        }
      : {
          open: 'nothing has to be registered',
          by: 'registration.requires',
          remedy: 'set registration.requires',
        },
  ]
}

/** Clause 3(d): it asks for a privacy policy. */
export const privacyPolicy: Look = ({ said }) => {
  const by = 'registration.requires'
  const requires = said.get(by)
  if (!Array.isArray(requires) || !requires.includes('privacyPolicyUrl'))
    return [{ open: 'a client needs no privacy policy', by, remedy: `add 'privacyPolicyUrl' to ${by}` }]
  const met: Met = said.get('registration.whenStale') === 'refuse' ? 'enforced' : 'monitored'
  const does = 'clients without a privacy policy are found'
  return [{ met, by, does, inObserveMode: met === 'enforced' ? 'reported' : 'as ever' }]
}

/** Clause 2(d): who counts for whom. */
export const countedTogether: Look = ({ store, oneOfMany }) => {
  const by = 'connections.store'
  if (store === 'shared')
    return [
      {
        met: 'enforced',
        by,
        does: 'they are counted over all processes that share the store',
        inObserveMode: 'reported',
      },
    ]
  if (!oneOfMany) return []
  const open =
    'this process is one of several, and counts for itself: together they admit as many times the limit'
  return [{ open, by, remedy: `set ${by} to redisConnections({ client }) of @api-terms/redis` }]
}

/** What one process does about others' open connections at once. */
export const endedAtOnce: Look = ({ registry }) =>
  registry.announces
    ? [
        {
          met: 'enforced',
          by: 'registry.onChange',
          does: 'open connections are ended at once, and who waits is refused',
          inObserveMode: 'left out',
        },
      ]
    : [
        {
          open: 'what is open goes on, and new requests are refused within credentials.cacheMs only',
          by: 'registry.onChange',
          remedy: 'give a registry that tells of changes: onChange(listener)',
        },
      ]

/** A sign of misuse: told, or refused as well, where it is looked for. */
export const sign =
  (by: 'misuse.networks' | 'misuse.ids' | 'misuse.atLimit', does: string): Look =>
  ({ said, heard }) => {
    if (!said.has(by)) return [{ open: 'it is not looked for', by, remedy: `set ${by}` }]
    const refuseMs = said.get(`${by}.refuseMs`)
    const refused = typeof refuseMs === 'number' && refuseMs > 0
    const met: Met = refused ? 'enforced' : 'monitored'
    const way = { met, by, does, inObserveMode: refused ? 'reported' : 'as ever' } as const
    if (refused || heard('misuse')) return [way]
    const listen = "gate.on('misuse')"
    const remedy = `listen with ${listen}, or follow the gate with createLedger`
    return [way, { open: 'signs are told, and nobody listens', by: listen, remedy }]
  }

/** Clause 2(f). */
export const noticesHeard =
  (does: string): Look =>
  ({ heard }) => {
    const by = "gate.on('notice')"
    return heard('notice')
      ? [{ met: 'monitored', by, does, inObserveMode: 'as ever' }]
      : [{ open: 'notices are told, and nobody listens', by, remedy: `listen with ${by}, and mail them` }]
  }

/** Clause 3(a): decisions are told to whoever is there. */
export const decisionsKept: Look = ({ heard, followedFor }) => {
  const kept = [
    [followedFor('ledger'), 'createLedger', 'refusals, cuts and warnings are kept as entries'],
    [followedFor('metrics'), '@api-terms/telemetry', 'decisions are measured'],
    [heard('refused'), "gate.on('refused')", 'refusals are told, each with its clause'],
  ] as const
  const ways = kept.flatMap(([there, by, does]) =>
    there ? [{ met: 'monitored', by, does, inObserveMode: 'as ever' } as const] : [],
  )
  if (ways.length > 0) return ways
  const by = 'createLedger'
  return [{ open: 'decisions are told, and nobody listens', by, remedy: `follow the gate with ${by}` }]
}

/** Clause 4(a)3. */
export const usageCounted: Look = ({ followedFor }) => {
  const by = 'createUsage'
  const does = 'connections, seconds held, bytes and refusals are counted by account, class and day'
  return followedFor('usage')
    ? [{ met: 'monitored', by, does, inObserveMode: 'as ever' }]
    : [{ open: 'use is not counted', by, remedy: `follow the gate with ${by}` }]
}

/** Clause 5(c): what a rule makes public is for anyone. */
export const nothingPublic: Look = ({ said }) => {
  const open = 'what these options make public is for anyone: it must hold nothing of a user'
  const publicOnes = [...said].filter(
    ([path, value]) =>
      path.startsWith('caching.') && (value === 'public' || /(^|[\s,])public\b/i.test(String(value))),
  )
  const names = new Set(
    publicOnes.map(([path]) => (path.startsWith('caching.default') ? 'caching.default' : 'caching.rules')),
  )
  return [...names].map((by) => ({ open, by, remedy: `see that ${by} makes nothing of a user public` }))
}
