import { createGate } from '@api-terms/core'
import { expect } from 'vitest'
import { ask } from '../callers/ask.js'
import { canMount } from './case.js'
import { gateOptions, TERMS_LINK } from './accounts.js'
import { nothingHeld, SOON } from './running.js'
import type { Scenario } from './scenario.js'

const reasonOf = (body: string) => (JSON.parse(body) as { reason: string }).reason

const inner = () =>
  createGate(gateOptions({ api: 'calls', limits: { read: 1 }, caching: { default: 'private, max-age=5' } }))
const innerForStamps = inner()
const innerForRefusals = inner()

export const COUNTED: readonly Scenario[] = [
  {
    id: 'counted-by-account',
    basis: '2(d)',
    title:
      'all clients of an account share its limit; another account has its own; a slot that is free again is given again',
    options: () => ({ limits: { read: 1 } }),
    async play({ running, held, arrived, open }) {
      const first = await open('acme')
      await arrived(1)
      const refused = await ask(running, { key: 'acme-wallboard' })
      expect(refused.status).toBe(429)
      expect(JSON.parse(refused.body)).toMatchObject({ connection_class: 'read', limit: 1, in_use: 1 })
      expect((await ask(running, { key: 'globex' })).status).toBe(200)
      held[0]!.res.end('done')
      expect((await first.answer).body).toBe('done')
      expect((await ask(running, { key: 'acme-wallboard' })).status).toBe(200)
    },
  },
  {
    id: 'counted-once-mounted-twice',
    basis: '2(d)',
    title: 'one gate at two places on the way counts a request once',
    options: () => ({ limits: { read: 1 } }),
    setup: { mount: 'twice' },
    runsOn: canMount('twice'),
    async play({ gate, arrived, open }) {
      await open()
      await arrived(1)
      expect(await gate.connections()).toMatchObject([
        { account: 'acme', client: 'acme', class: 'read', target: '/v1/held' },
      ])
    },
  },
  {
    id: 'counted-by-each-gate',
    basis: '2(d)',
    title: 'of two gates one behind the other each counts, and the narrower word holds',
    options: () => ({ caching: { default: 'private, max-age=60' } }),
    setup: { inner: innerForStamps },
    async play({ running, gate, held, arrived, open }) {
      const first = await open()
      await arrived(1)
      expect([(await gate.connections()).length, (await innerForStamps.connections()).length]).toEqual([1, 1])
      held[0]!.res.end()
      await first.answer
      await nothingHeld(innerForStamps)
      const { fields } = await ask(running, {})
      expect([fields['cache-control'], fields.vary, fields.link]).toEqual([
        ['private, max-age=5'],
        ['Authorization'],
        [TERMS_LINK],
      ])
    },
  },
  {
    id: 'counted-refused-by-inner',
    basis: '2(d)',
    title: 'what the second gate refuses gives back the slot of the first',
    setup: { inner: innerForRefusals },
    async play({ running, gate, arrived, open }) {
      const first = await open()
      await arrived(1)
      const refused = await ask(running, {})
      expect([refused.status, reasonOf(refused.body), refused.fields['cache-control']]).toEqual([
        429,
        'connections-exhausted',
        ['no-store'],
      ])
      await expect.poll(async () => (await gate.connections()).length, SOON).toBe(1)
      first.leave()
      await nothingHeld(innerForRefusals)
    },
  },
  {
    id: 'waits-in-line',
    basis: '2(d)',
    title: 'who waits is admitted as a slot becomes free, in order of arrival; who leaves the line is out',
    options: () => ({ limits: { read: 1 }, connections: { waitMs: 60_000 } }),
    async play({ gate, held, arrived, open, inLine }) {
      const abandoned: unknown[] = []
      gate.on('abandoned', (event) => abandoned.push(event))
      await open()
      await arrived(1)
      const leaver = await open()
      await inLine(2)
      const waiter = await open('acme-wallboard', '/v1/who')
      await inLine(3)
      leaver.leave()
      await expect.poll(() => abandoned.length, SOON).toBe(1)
      held[0]!.res.end()
      expect(await waiter.answer).toMatchObject({ status: 200, body: 'acme' })
      expect(held.length).toBe(1)
    },
  },
  {
    id: 'observe-reports',
    basis: '2(c), 2(d)',
    title:
      'observing, whatever would have been refused is reported as not enforced, and nothing else changes',
    options: () => ({
      mode: 'observe',
      limits: { read: 0 },
      requests: { methods: ['GET', 'POST'], maxBodyBytes: 2 },
    }),
    async play({ running, gate }) {
      const reported: unknown[] = []
      gate.on('refused', ({ reason, enforced }) => reported.push([reason, enforced]))
      const answers = [
        await ask(running, { key: null }),
        await ask(running, {}),
        await ask(running, { method: 'DELETE' }),
        await ask(running, { method: 'POST', body: 'hello', key: 'stranger' }),
        await ask(running, { target: '/v1/json?_method=PUT' }),
      ]
      expect(answers.map(({ status, fields }) => [status, fields.link])).toEqual(
        answers.map(() => [200, undefined]),
      )
      expect(reported).toEqual(
        [
          'credentials-missing',
          'connections-exhausted',
          'method-not-allowed',
          'body-too-large',
          'method-overridden',
        ].map((reason) => [reason, false]),
      )
    },
  },
  {
    id: 'ended-by-provider',
    basis: '3(a)',
    title:
      'what the provider ends is cut off at once, even where the app has put things of its own on the response',
    async play({ gate, held, arrived, open, running }) {
      const released: unknown[] = []
      gate.on('released', ({ why }) => released.push(why))
      const first = await open()
      await arrived(1)
      if (!running.subject.http2) Object.assign(held[0]!.res, { stream: 'of the app' })
      expect(await gate.end({ account: 'acme' }, 'unpaid')).toBe(1)
      await expect(first.answer).rejects.toThrow(/ended/)
      expect(released).toEqual(['unpaid'])
    },
  },
]
