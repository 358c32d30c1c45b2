import { describe, expect, test } from 'vitest'
import type { RefusedEvent } from '@api-terms/core'
import { createGate } from '@api-terms/core'
import { REASONS } from '../packages/core/src/refusal.js'
import { gateOptions, TERMS_LINK, TERMS_URL } from './battery/accounts.js'
import { BODIES } from './battery/bodies.js'
import { COUNTED } from './battery/counted.js'
import { OVER_SOCKETS } from './battery/over-sockets.js'
import { playOn } from './battery/scenario.js'
import { ADMITTED } from './battery/admitted.js'
import type { AdmittedCase, RefusalCase } from './battery/case.js'
import { HANDLERS } from './battery/handlers.js'
import { REFUSED_CREDENTIALS } from './battery/refused-credentials.js'
import { REFUSED_OTHERWISE } from './battery/refused-otherwise.js'
import { REFUSED_REQUESTS } from './battery/refused-requests.js'
import { inUse } from './battery/running.js'
import { ask } from './callers/ask.js'
import type { Received } from './callers/received.js'
import { SUBJECTS, type Subject } from './subjects.js'

const SCENARIOS = [...OVER_SOCKETS, ...BODIES, ...COUNTED]
const REFUSED = [...REFUSED_CREDENTIALS, ...REFUSED_REQUESTS, ...REFUSED_OTHERWISE]

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  for (const the of REFUSED.filter((each) => each.runsOn?.(subject) ?? true)) {
    test(`${the.id}: ${the.title} (${the.basis})`, () => refuses(subject, the))
  }
  for (const the of ADMITTED.filter((each) => each.runsOn?.(subject) ?? true)) {
    test(`${the.id}: ${the.title} (${the.basis})`, () => admits(subject, the))
  }
  for (const the of SCENARIOS.filter((each) => each.runsOn?.(subject) ?? true)) {
    test(`${the.id}: ${the.title} (${the.basis})`, () => playOn(subject, the))
  }
})

test('ids of cases are unique', () => {
  const ids = [...REFUSED, ...ADMITTED, ...SCENARIOS].map(({ id }) => id)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
})

test('each reason has a case', () => {
  const played = REFUSED.filter(({ runsOn }) => SUBJECTS.some((subject) => runsOn?.(subject) ?? true))
  const reasons = Object.keys(REASONS)
  expect([...new Set(played.map(({ reason }) => reason))].toSorted()).toEqual(reasons.toSorted())
})

async function refuses(subject: Subject, the: RefusalCase): Promise<void> {
  const gate = createGate(gateOptions(the.options?.()))
  const events: RefusedEvent[] = []
  gate.on('refused', (event) => events.push(event))
  await inUse(subject, gate, HANDLERS, the.setup, async (running) => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (const earlier of the.before ?? []) await ask(running, earlier)
    events.length = 0
    const received = await ask(running, the.request ?? {})
    expect({ status: received.status, interim: received.interim }).toEqual({
      status: the.status,
      interim: [],
    })
    expect(received.fields).toEqual(fieldsOf(subject, the, Buffer.byteLength(received.body)))
    const problem = JSON.parse(received.body) as Record<string, unknown>
    expect(problem).toEqual(problemOf(the))
    expect(events.map(({ instance, reason, enforced }) => ({ instance, reason, enforced }))).toEqual([
      { instance: problem.instance, reason: the.reason, enforced: true },
    ])
    if ((the.request?.method ?? 'GET') === 'GET') {
      const head = await ask(running, { ...the.request, method: 'HEAD' })
      expect(head).toEqual({
        ...received,
        body: '',
        fields: { ...received.fields, date: [expect.any(String)] },
      })
    }
  })
}

function fieldsOf(subject: Subject, the: RefusalCase, length: number): Received['fields'] {
  return {
    'content-type': ['application/problem+json'],
    'content-length': [String(length)],
    'cache-control': ['no-store'],
    link: [TERMS_LINK],
    date: [expect.any(String) as string],
    ...(!subject.http2 &&
      (the.closes ? { connection: ['close'] } : { connection: ['keep-alive'], 'keep-alive': ['timeout=5'] })),
    ...the.fields,
  }
}

function problemOf(the: RefusalCase) {
  return {
    type: `${TERMS_URL}#${the.reason}`,
    title: expect.stringMatching(/^[A-Z][^.]+$/) as string,
    status: the.status,
    detail: expect.stringMatching(/^[A-Z0-9].*\.$/) as string,
    instance: expect.stringMatching(/^urn:uuid:[\da-f-]{36}$/) as string,
    reason: the.reason,
    terms_version: '2026-01',
    ...(the.clause !== null && { terms_clause: the.clause }),
    ...the.members,
  }
}

async function admits(subject: Subject, the: AdmittedCase): Promise<void> {
  const gate = createGate(gateOptions(the.options?.()))
  const admissions: string[] = []
  gate.on('admitted', ({ connection }) => admissions.push(connection))
  await inUse(subject, gate, the.handlers ?? HANDLERS, the.setup, async (running) => {
    const received = await ask(running, the.request ?? {})
    const fields = Object.keys(the.fields).map((name) => [name, received.fields[name] ?? null])
    expect({ status: received.status, fields: Object.fromEntries(fields) as unknown }).toEqual({
      status: the.status,
      fields: the.fields,
    })
    if (the.body !== undefined) expect(received.body).toBe(the.body)
    if (the.message !== undefined && !subject.http2) expect(received.message).toBe(the.message)
    expect(received.interim).toEqual(the.interim ?? [])
    expect(admissions.length).toBeLessThanOrEqual(1)
  })
}
