import { createAgreement } from '../agreement/index.js'
import { createAddressReader, createTrust } from '../caller-address.js'
import { createCaching } from '../caching/index.js'
import { ChangedAccounts, type Accounts } from './changed-accounts.js'
import { completeClock } from '../clock.js'
import { createLimitTable, exhaustedGrounds, readOrWrite } from '../connections/index.js'
import { createCounting } from './counting.js'
import { warnIfCountedApart } from './counted-apart.js'
import { createCredentialCheck, type Identity } from '../credentials/index.js'
import { GateEventSource, type GateEventName } from '../events.js'
import { heardRegistry } from './others/heard-registry.js'
import type { Gate } from '../gate.js'
import { Identification } from './identification.js'
import { Inquiries } from './inquiries.js'
import { LiveGate } from './live-gate.js'
import { Moments } from './moments.js'
import { Notices } from '../notices.js'
import { warnIfOneOfMany } from './one-of-many.js'
import { checkOptions, type GateOptions } from '../options.js'
import { OtherGates } from './others/other-gates.js'
import { createMisuseCheck } from '../misuse/index.js'
import { Passage } from './passage.js'
import { nameInProcess } from '../process-name.js'
import { createRefuser } from '../refusal.js'
import { Reports } from './reports.js'
import { createRequestCheck } from '../requests/index.js'
import { setupOf } from '../setup.js'
import { createStamp } from './stamp.js'
import type { AdmissionContext } from './live-admission.js'

/**
 * Builds the gate of one API. Several mounts of the same API share it.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function createGate(options: GateOptions): Gate {
  checkOptions(options)
  const { api = 'api', terms, connections = {}, mode = 'enforce' } = options
  const enforce = mode === 'enforce'
  const clock = completeClock(options.clock)
  const events: GateEventSource = new GateEventSource((cause, name) => listenerFailed(reports, cause, name))
  const reports: Reports = new Reports(api, events, clock, (reason) => refuser.clauseOf(reason))
  const notices = new Notices((notice, party) => reports.notice(notice, party))
  const agreement = createAgreement(terms, options.registration, {
    clock,
    notices,
    onOtherVersion: () => lookAtAll(),
  })
  // Refusals are written as they come up: by then the caller may have changed its object.
  const refuser = createRefuser(
    { ...terms, clauses: { ...terms.clauses } },
    agreement && (() => agreement.cited),
  )
  const timeoutMs = connections.timeoutMs ?? 2000
  const shared = connections.store?.voice ? connections.store : undefined
  const heard = shared && heardRegistry(options.registry)
  const registry = heard?.registry ?? options.registry
  const requests = createRequestCheck(options.requests ?? {}, { ms: timeoutMs, clock })
  const addressOf = createAddressReader(createTrust(options.requests?.trustedProxies ?? []))
  const counting = createCounting(connections, { api, clock, reports, enforce, timeoutMs })
  const { store, open, maxHoldMs } = counting
  // To observe is to cut nobody off.
  const moments = enforce ? new Moments(clock, (accounts) => look(accounts)) : undefined
  const credentials = new Identification({
    api,
    clock,
    agreement,
    notices,
    moments,
    maxHoldMs,
    credentials: createCredentialCheck(options.credentials ?? {}, {
      api,
      registry,
      clock,
      addressOf,
      onLookupFailed: (cause) =>
        reports.warn('registry-failed', 'a credential could not be looked up', cause),
    }),
  })
  const limits = createLimitTable(options.limits, api, clock)
  const exhausted = exhaustedGrounds()
  const caching = createCaching(options.caching ?? {}, clock.now)
  const admissions: AdmissionContext = {
    stamp: enforce ? createStamp(terms, caching, agreement) : undefined,
    open,
    caching,
    gate: () => gate,
    bodyTooLarge: (admission) => passage.bodyTooLarge(admission),
  }
  const misuse = createMisuseCheck<Identity>(options.misuse, {
    clock,
    addressOf,
    onSign: (who, found) => reports.misuse(who, found, enforce && found.refuseMs > 0),
    onBan(ban, forMs) {
      if (enforce) others?.banned(ban, forMs)
    },
  })
  const passage: Passage = new Passage({
    api,
    enforce,
    clock,
    refuser,
    reports,
    requests,
    credentials,
    misuse,
    limits,
    exhausted,
    store,
    listing: connections.store !== undefined,
    admissions,
    classify: connections.classify ?? readOrWrite,
    skip: options.skip,
    // Nobody is made to wait for what is not refused either.
    waitMs: enforce ? (connections.waitMs ?? 0) : 0,
    maxWaiting: connections.maxWaiting ?? 100,
    timeoutMs,
  })
  const changed = new ChangedAccounts(clock, (accounts) => gate.reconsider(accounts))
  const endRegistryChanges = registry.onChange?.((change) => {
    passage.changed(new Set([change?.account]))
    if (enforce) changed.add(change?.account)
  })
  // What this process's own registry tells; what the others tell is not told again.
  const endTelling =
    shared && options.registry.onChange?.((change) => change?.everywhere || others?.changed(change?.account))
  const thisProcess = nameInProcess(`gate of ${api}`)
  const gate: LiveGate = new LiveGate({
    api,
    process: thisProcess,
    clock,
    timeoutMs,
    maxBodyBytes: requests.maxBodyBytes,
    events,
    reports,
    passage,
    credentials,
    inquiries: new Inquiries({
      terms,
      clock,
      refuser,
      reports,
      credentials,
      agreement,
      limits,
      exhausted,
      timeoutMs,
      checkTransport: requests.checkTransport,
    }),
    limits,
    store,
    open,
    health: () => counting.health(),
    setup: setupOf(options, {
      heard: (event) => events.heard[event],
      followedFor: (purpose) => reports.followers.are(purpose),
    }),
    endSubscriptions() {
      endRegistryChanges?.()
      endTelling?.()
      counting.endTelling()
      endCounting?.()
      changed.close()
    },
    changed,
    others: () => others,
  })
  const others =
    shared &&
    new OtherGates({
      process: thisProcess,
      clock,
      reports,
      here: {
        endHere: (filter, why, openedBy) => gate.endHere(filter, why, openedBy),
        connectionsHere: (filter) => gate.connectionsHere(filter),
        takeLimits: (told) => gate.takeLimits(told),
        registryChanged: (account) => heard?.announce({ account }),
        banned: (ban, forMs) => misuse?.ban(ban, forMs),
      },
      join: (listener) => shared.voice!(api, thisProcess, listener),
    })
  warnIfOneOfMany(connections.store, reports)
  const endCounting = enforce
    ? warnIfCountedApart(api, options.registry, connections.store, reports)
    : undefined
  const lookAtAll = () => {
    const [next] = agreement?.moments(clock.now()) ?? []
    if (next !== undefined) moments?.note(undefined, next)
  }
  const look = (accounts: Accounts) => {
    passage.changed(accounts)
    gate.reconsider(accounts)
    if (accounts.has(undefined)) lookAtAll()
  }
  lookAtAll()
  return gate
}

/** A listener of warnings that throws has nobody left to tell but the process. */
function listenerFailed(reports: Reports, cause: unknown, name: GateEventName): void {
  if (name === 'warning')
    process.emitWarning(cause instanceof Error ? cause : String(cause), 'ApiTermsWarning')
  else reports.warn('listener-failed', 'a listener of the gate threw', cause)
}
