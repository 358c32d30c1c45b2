import type { CounterName } from '@api-terms/core'

/** Every name that is used in Redis. Nothing else builds one. */
export interface Keys {
  /**
   * The key of a counter. It depends on nothing but API, account and class: a version or a setting in it would make processes
   * count apart.
   */
  counter(name: CounterName): string
  /** Which processes are alive. */
  readonly processes: string
  /** What the names of channels begin with; the name of the process follows. */
  readonly channels: string
  /** What the gates of an API say to one another. */
  voice(api: string): VoiceKeys
  readonly usage: UsageKeys
}

/** What is kept of usage. */
export interface UsageKeys {
  /** The APIs of which there is usage. */
  readonly apis: string
  /** The accounts of which there is usage on a day. */
  accounts(api: string, day: string): string
  /** What an account used on a day, and which batch of a process was added last: of one slot. */
  account(
    api: string,
    account: string,
    day: string,
  ): { readonly counts: string; added(process: string): string }
}

/** Keys of one slot, and a channel. */
export interface VoiceKeys {
  readonly voice: string
  readonly said: string
  readonly limits: string
  readonly gates: string
  readonly channel: string
  answers(question: string): string
}

export function keysUnder(prefix: string): Keys {
  return {
    // The braces are a cluster's hash tag: whatever is kept of a counter, under whatever suffix, lives in one slot.
    counter: ({ api, account, class: className }) =>
      `${prefix}{${encoded(api)}|${encoded(account)}|${encoded(className)}}`,
    processes: `${prefix}processes`,
    channels: `${prefix}woken:`,
    usage: {
      apis: `${prefix}usage:apis`,
      accounts: (api, day) => `${prefix}usage:{${encoded(api)}}:${day}`,
      account(api, account, day) {
        const counts = `${prefix}usage:{${encoded(api)}|${encoded(account)}}:${day}`
        return { counts, added: (process) => `${counts}:added:${process}` }
      },
    },
    voice(api) {
      // A name in braces without a bar is no counter's.
      const voice = `${prefix}{${encoded(api)}}`
      return {
        voice,
        said: `${voice}:said`,
        limits: `${voice}:limits`,
        gates: `${voice}:gates`,
        channel: `${voice}:voice`,
        answers: (question) => `${voice}:answers:${question}`,
      }
    },
  }
}

/** Where a ledger is kept. */
export interface LedgerKeys {
  readonly stream: string
  /** Which entry of a ledger was appended last: of the slot of the stream. */
  appended(ledger: string): string
}

/** The stream has the name that the provider gave it; where that has no hash tag, the whole of it is one for what stands beside. */
export function ledgerKeysOf(stream: string): LedgerKeys {
  const tagged = HASH_TAG.test(stream) ? stream : `{${stream}}`
  return { stream, appended: (ledger) => `${tagged}:appended:${ledger}` }
}

const HASH_TAG = /^[^{]*\{[^}]+\}/

/** Where a registry is kept. */
export interface RegistryKeys {
  /** Every key, in the order in which the scripts take them: all in one slot. */
  readonly all: readonly string[]
  /** What a look-up by digest needs of them. */
  readonly found: readonly string[]
  /** Where each operation is told of. */
  readonly channel: string
}

const OF_REGISTRY = [
  'format',
  'accounts',
  'clients',
  'digests',
  'listed',
  'owned',
  'history',
  'history-of',
  'done',
] as const
const FOUND_BY = 4

export function registryKeysUnder(prefix: string): RegistryKeys {
  // A hash tag that no other name has: there is a colon in it.
  const registry = `${prefix}{:registry}`
  const all = OF_REGISTRY.map((name) => `${registry}:${name}`)
  return { all, found: all.slice(0, FOUND_BY), channel: `${registry}:changed` }
}

/**
 * No two names give the same text, and none holds a brace or the bar. By code unit and not by `encodeURIComponent`, which throws at half a
 * surrogate pair.
 */
export function encoded(name: string): string {
  return PLAIN.test(name) ? name : name.replaceAll(OTHER, percent)
}

const PLAIN = /^[\w.-]*$/
const OTHER = /[^\w.-]/g

function percent(unit: string): string {
  return `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
