import type { Account, Client, Credential, Registration } from '../registry.js'

/**
 * A registration of the registry in memory: checked when it was recorded and frozen since, so that it need not be checked with every
 * request. What requests ask for most stands in itself: with very many accounts, the records of each lie far apart in memory, and each one
 * touched costs as much as a check. The mark is private: neither a copy nor a proxy has it, nor has one of another loaded copy of this
 * package; those are checked like any other registry's answers.
 */
export class RecordedRegistration implements Registration {
  readonly account: Account
  readonly client: Client
  readonly credential: Credential
  readonly #digest: string
  readonly #isPlain: boolean
  readonly #hasGeneralLimits: boolean
  readonly #accountId: string
  readonly #clientId: string
  /** What is private is not frozen. */
  #isCurrent = true

  constructor(account: Account, client: Client, credential: Credential) {
    this.account = account
    this.client = client
    this.credential = credential
    this.#digest = credential.digest
    this.#accountId = account.id
    this.#clientId = client.id
    this.#isPlain = isPlain(account, client, credential)
    this.#hasGeneralLimits = account.limits == null && account.grants == null
    Object.freeze(this)
  }

  static #retirements = 0

  /** How many registrations of this process have been retired: while it is the same, what was current still is. */
  static get retirements(): number {
    return RecordedRegistration.#retirements
  }

  /** Another, or none, stands in its place from now on. */
  static retire(registration: Registration | undefined): void {
    if (!registration || !(#isCurrent in registration)) return
    registration.#isCurrent = false
    RecordedRegistration.#retirements++
  }

  /** Whether it still is what its registry answers. Asked of the registration itself, that is no look-up. */
  static isCurrent(registration: Registration): boolean {
    return #isCurrent in registration && registration.#isCurrent
  }

  /** Whether an answer is one that was recorded for this very digest. */
  static is(answer: object, digest: string): answer is RecordedRegistration {
    return #digest in answer && answer.#digest === digest
  }

  /**
   * Whether nothing in a registration can ever speak against it, or changes with time: what is frozen need not be looked through with
   * every request. `false` for one of another making, whose owner may alter it.
   */
  static isPlain(registration: Registration): boolean {
    return #isPlain in registration && registration.#isPlain
  }

  /** Without a look at the records themselves. */
  static accountIdOf(registration: Registration): string {
    return #accountId in registration ? registration.#accountId : registration.account.id
  }

  static clientIdOf(registration: Registration): string {
    return #clientId in registration ? registration.#clientId : registration.client.id
  }

  /** Whether its account has no limits of its own. `false` for one of another making. */
  static hasGeneralLimits(registration: Registration): boolean {
    return #hasGeneralLimits in registration && registration.#hasGeneralLimits
  }
}

/** Registries that answer with their recorded registrations and nothing else, each for as long as it is current. */
const recording = new WeakSet<object>()

export function answersWithRecords(registry: object): boolean {
  return recording.has(registry)
}

/** A registry of this package says so of itself, or of one that it passes every question on to. */
export function asRecording<Recording extends object>(registry: Recording): Recording {
  recording.add(registry)
  return registry
}

function isPlain(account: Account, client: Client, credential: Credential): boolean {
  const { notBefore, expiresAt, revokedAt, ended } = credential
  const conditions = [account.grants, client.networks, client.apis, notBefore, expiresAt, revokedAt, ended]
  return [account, client].every(isActive) && conditions.every((condition) => condition == null)
}

function isActive({ status, terminatesAt }: Account | Client): boolean {
  return (status == null || status === 'active') && terminatesAt == null
}
