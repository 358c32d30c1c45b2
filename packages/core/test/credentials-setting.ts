import type { CompleteClock } from '../src/clock.js'
import { createCredentialCheck } from '../src/credentials/index.js'
import { issueKey } from '../src/accounts/key.js'
import type { CredentialCheck, CredentialsOptions, Identity } from '../src/credentials/index.js'
import { isPromise } from '../src/pending.js'
import type { Ground } from '../src/refusal.js'
import type { Account, Client, Credential, Registration, Registry, RegistryChange } from '../src/registry.js'
import { readRequest } from '../src/request.js'
import type { GateRequest, RequestParts } from '../src/request.js'

/** A request whose raw lines are those given, with `headers` as Node makes them: the first Authorization, others joined. */
export function requestWith(
  lines: readonly (readonly [string, string])[],
  target = '/v1/calls',
): GateRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of lines) {
    const lower = name.toLowerCase()
    const before = headers[lower]
    headers[lower] = before === undefined ? value : lower === 'authorization' ? before : `${before}, ${value}`
  }
  return readRequest({ method: 'GET', target, headers, rawHeaders: lines.flat() } satisfies RequestParts)
}

export const bearer = (key: string, target?: string) =>
  requestWith([['Authorization', `Bearer ${key}`]], target)
export const basic = (client: string, key: string) =>
  requestWith([['Authorization', `Basic ${Buffer.from(`${client}:${key}`).toString('base64')}`]])

/** Time that passes only where a test says so. */
export class HandClock implements CompleteClock {
  time = Date.UTC(2026, 0, 1)
  readonly #timers = new Map<number, { at: number; callback: () => void }>()
  #next = 1

  now = () => this.time
  elapsed = () => this.time
  setTimeout = (callback: () => void, ms: number) => {
    this.#timers.set(this.#next, { at: this.time + ms, callback })
    return this.#next++
  }
  clearTimeout = (handle: unknown) => void this.#timers.delete(handle as number)

  pass(ms: number): void {
    this.time += ms
    for (const [handle, { at, callback }] of this.#timers) {
      if (at <= this.time && this.#timers.delete(handle)) callback()
    }
  }
  get timers(): number {
    return this.#timers.size
  }
}

export interface Holder {
  key: string
  registration: Registration
}

/** A new key, and whose it is. */
export function holder(
  changes: { account?: Partial<Account>; client?: Partial<Client>; credential?: Partial<Credential> } = {},
): Holder {
  const { key, digest } = issueKey()
  const account: Account = { id: 'acme', ...changes.account }
  const credential: Credential = { id: 'k1', digest, ...changes.credential }
  const client: Client = { id: 'acme-crm', account: account.id, credentials: [credential], ...changes.client }
  return { key, registration: { account, client, credential } }
}

/** A registry of look-ups that a test answers by hand, and of changes that it announces. */
export class HandRegistry implements Registry {
  readonly asked: { digest: string; answer(found: unknown): void; fail(error: unknown): void }[] = []
  readonly #listeners = new Set<(change: RegistryChange) => void>()

  findByDigest(digest: string): Promise<Registration | undefined> {
    return new Promise((resolve, reject) => {
      this.asked.push({ digest, answer: (found) => resolve(found as Registration), fail: reject })
    })
  }
  onChange(listener: (change: RegistryChange) => void) {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
  announce(account: string): void {
    for (const listener of this.#listeners) listener({ account })
  }
  get listeners(): number {
    return this.#listeners.size
  }
}

/** A registry whose records are a map, answered at the next turn. Counts what it is asked. */
export function mapRegistry(
  holders: readonly Holder[],
): Registry & { asked: number; records: Map<string, unknown> } {
  const records = new Map<string, unknown>(
    holders.map(({ registration }) => [registration.credential.digest, registration]),
  )
  return {
    asked: 0,
    records,
    async findByDigest(digest) {
      this.asked++
      return records.get(digest) as Registration | undefined
    },
  }
}

export function checkOver(registry: Registry, options: CredentialsOptions = {}, clock = new HandClock()) {
  const failures: unknown[] = []
  const check = createCredentialCheck(options, {
    api: 'telephony',
    registry,
    clock,
    onLookupFailed: (error) => void failures.push(error),
  })
  return { check: judging(check), unjudged: check, clock, failures }
}

/** Whose a credential is and what speaks against them, in one answer, as the gate asks. */
function judging(check: CredentialCheck): CredentialCheck {
  const judged = (from: GateRequest | Identity) => (who: Identity | Ground) =>
    'reason' in who ? who : (check.against(who, from) ?? who)
  const then = (found: Found, judge: ReturnType<typeof judged>) =>
    isPromise(found) ? found.then(judge) : judge(found)
  return {
    ...check,
    identify: (request) => then(check.identify(request), judged(request)),
    recheck: (identity) => then(check.recheck(identity), judged(identity)),
  }
}

type Found = ReturnType<CredentialCheck['identify']>

/** What an answer comes to, in a word: the reason, or the account. */
export function told(answer: Identity | Ground): string {
  return 'reason' in answer ? answer.reason : answer.account.id
}

/** Lets everything that is ready happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

export function challengesOf(answer: Identity | Ground): readonly string[] {
  if (!('reason' in answer)) return []
  const given = answer.headers?.['WWW-Authenticate'] ?? []
  return typeof given === 'string' ? [given] : given
}
