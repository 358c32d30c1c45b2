import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

/** A call in progress. */
export interface Call {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly state: 'ringing' | 'answered'
  /** When it began to ring, in ISO 8601. */
  readonly since: string
}

/** Whom to call, and for how long it rings before it is answered. */
export interface Dialling {
  readonly from: string
  readonly to: string
  readonly ringMs: number
}

/** The calls in progress, account by account. */
export interface Calls {
  of(account: string): Call[]
  /** Rings, then answers with the call; with `undefined` where the caller hung up before. */
  place(account: string, dialling: Dialling, hungUp: AbortSignal): Promise<Call | undefined>
  /** Ends a call of the account; `false` where it has none of this id. */
  end(account: string, id: string): boolean
}

export function createCalls(): Calls {
  const byAccount = new Map<string, Map<string, Call>>()

  const callsOf = (account: string) => {
    let calls = byAccount.get(account)
    if (!calls) byAccount.set(account, (calls = new Map<string, Call>()))
    return calls
  }

  return {
    of: (account) => [...callsOf(account).values()],
    end: (account, id) => callsOf(account).delete(id),
    async place(account, { from, to, ringMs }, hungUp) {
      const calls = callsOf(account)
      const ringing: Call = { id: randomUUID(), from, to, state: 'ringing', since: new Date().toISOString() }
      calls.set(ringing.id, ringing)
      endOldest(calls)
      await setTimeout(ringMs, undefined, { signal: hungUp }).catch(() => undefined)
      // Ended meanwhile, by DELETE, is as good as never answered.
      if (hungUp.aborted || !calls.has(ringing.id)) {
        calls.delete(ringing.id)
        return undefined
      }
      const answered: Call = { ...ringing, state: 'answered' }
      calls.set(answered.id, answered)
      return answered
    },
  }
}

/** Nobody need ever hang up in a demo: without a bound, calls that were forgotten would fill the memory. */
function endOldest(calls: Map<string, Call>): void {
  if (calls.size <= MOST_CALLS) return
  for (const oldest of calls.keys()) {
    calls.delete(oldest)
    return
  }
}

const MOST_CALLS = 1_000
