import { expect } from 'vitest'
import { createGate, type Gate, type GateOptions } from '@api-terms/core'
import { bearer } from '../callers/ask.js'
import { answerOf, Http2Caller } from '../callers/http2.js'
import { RawCaller } from '../callers/raw.js'
import type { Exchanged, Handlers, Running, Setup, Subject } from '../subjects.js'
import { gateOptions, type KeyName } from './accounts.js'
import { HANDLERS } from './handlers.js'
import { inUse, SOON } from './running.js'

/** What takes more than one request and answer to see. */
export interface Scenario {
  /** Permanent: never used again for something else. */
  readonly id: string
  readonly basis: string
  readonly title: string
  readonly runsOn?: (subject: Subject) => boolean
  readonly options?: () => Partial<GateOptions>
  readonly setup?: Setup
  /** Beside those of the battery, and one at `/v1/held` whose answers the scenario gives. */
  readonly handlers?: Handlers
  play(stage: Stage): Promise<void>
}

/** What a scenario is played on. */
export interface Stage {
  readonly running: Running
  readonly gate: Gate
  /** The exchanges that have arrived at `/v1/held`, and go on until the scenario ends them. */
  readonly held: Exchanged[]
  /** Waits for so many of them. */
  arrived(count: number): Promise<void>
  /** Waits until so many requests, all of them reads, have come as far as the counter. */
  inLine(count: number): Promise<void>
  /** A request on a connection of its own that stays open until it is answered or left. */
  open(key?: KeyName, target?: string): Promise<OpenRequest>
}

export interface OpenRequest {
  readonly answer: Promise<{ readonly status: number; readonly body: string }>
  leave(): void
}

export async function playOn(
  subject: Subject,
  the: Pick<Scenario, 'options' | 'setup' | 'handlers' | 'play'>,
): Promise<void> {
  const options = the.options?.() ?? {}
  let counted = 0
  const classify = () => {
    counted++
    return 'read'
  }
  const { connections } = options
  const gate = createGate(
    gateOptions({ ...options, ...(connections?.waitMs && { connections: { ...connections, classify } }) }),
  )
  const held: Exchanged[] = []
  let arrival = () => {}
  const does = (exchanged: Exchanged) => {
    held.push(exchanged)
    arrival()
  }
  const handlers = { ...HANDLERS, '/v1/held': { does }, ...the.handlers }
  await inUse(subject, gate, handlers, the.setup, async (running) => {
    const leaving: (() => void)[] = []
    try {
      await the.play({
        running,
        gate,
        held,
        async arrived(count) {
          while (held.length < count) await new Promise<void>((resolve) => (arrival = resolve))
        },
        inLine: (count) => expect.poll(() => counted, SOON).toBe(count),
        async open(key = 'acme', target = '/v1/held') {
          const request = await openRequest(running, key, target)
          leaving.push(() => request.leave())
          return request
        },
      })
    } finally {
      for (const leave of leaving) leave()
    }
  })
}

async function openRequest(running: Running, key: KeyName, target: string): Promise<OpenRequest> {
  if (running.subject.http2) {
    const caller = await Http2Caller.to(running.port)
    const stream = caller.open('GET', target, [bearer(key)])
    return { answer: quiet(answerOf(stream)), leave: () => caller.close() }
  }
  const caller = await RawCaller.to(running.port)
  const answer = quiet(caller.ask('GET', target, [bearer(key)]).answer())
  return { answer, leave: () => caller.socket.destroy() }
}

/** Who leaves waits for no answer. */
function quiet<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined)
  return answer
}
