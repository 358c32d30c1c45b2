import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import express5 from 'express'
import { rateLimit } from 'express-rate-limit'
import { afterEach, describe, expect, test } from 'vitest'
import { parseList } from 'structured-headers'
import { apiTerms } from '@api-terms/express'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { listening, Opened } from './upgrading.js'

const express4 = createRequire(import.meta.url)('express4') as typeof express5

const opened = new Opened()
afterEach(() => opened.close())

/** What an answer tells of limits: each policy by its name. */
type Told = Record<string, Record<string, unknown>>

async function toldBy(app: ReturnType<typeof express5>, key: string) {
  app.get('/v1/calls', (_req, res) => void res.json([]))
  const port = await listening(createServer(app), opened)
  const { headers } = await fetch(`http://127.0.0.1:${port}/v1/calls`, { headers: { 'x-api-key': key } })
  const read = (name: string): Told =>
    Object.fromEntries(
      parseList(headers.get(name) ?? '').map(([item, parameters]) => [
        item as string,
        Object.fromEntries(parameters),
      ]),
    )
  return { policy: read('ratelimit-policy'), state: read('ratelimit') }
}

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
] as const)('%s', (_, express) => {
  test('what a second gate tells of its limits stands beside what the first tells', async () => {
    const accounts = gateWith()
    const { gate: inner } = gateWith(
      { limits: { search: 2 }, connections: { classify: () => 'search' } },
      accounts,
    )
    const app = express().use(apiTerms(accounts.gate)).use(apiTerms(inner))
    expect(await toldBy(app, accounts.keys.crm)).toEqual({
      policy: {
        read: { q: 10, qu: 'concurrent-requests' },
        search: { q: 2, qu: 'concurrent-requests' },
      },
      state: { read: { r: 9 }, search: { r: 1 } },
    })
  })

  test.each([
    [2, 1],
    [50, 9],
  ])('of two gates with one class the one with less left is told (%i)', async (limit, left) => {
    const accounts = gateWith()
    const { gate: inner } = gateWith({ limits: { read: limit } }, accounts)
    const app = express().use(apiTerms(accounts.gate)).use(apiTerms(inner))
    expect(await toldBy(app, accounts.keys.crm)).toMatchObject({
      policy: { read: { q: Math.min(limit, 10) } },
      state: { read: { r: left } },
    })
  })

  test('a rate limiter behind the gate keeps its word', async () => {
    const { gate, keys } = gateWith()
    const limiter = rateLimit({
      windowMs: 60_000,
      limit: 5,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
    })
    const told = await toldBy(express().use(apiTerms(gate)).use(limiter), keys.crm)
    expect(told.state).toMatchObject({ read: { r: 9 }, '5-in-1min': { r: 4 } })
    expect(told.policy).toMatchObject({ read: { q: 10 }, '5-in-1min': { q: 5, w: 60 } })
  })

  test('a state without a policy leaves the policy of the gate', async () => {
    const { gate, keys } = gateWith()
    const app = express().use(apiTerms(gate))
    app.use((_req, res, next) => (res.setHeader('RateLimit', '"read";r=3'), next()))
    expect(await toldBy(app, keys.crm)).toMatchObject({
      policy: { read: { q: 10 } },
      state: { read: { r: 3 } },
    })
  })

  test('what is no list of policies is replaced', async () => {
    const { gate, keys } = gateWith()
    const limiter = rateLimit({
      windowMs: 60_000,
      limit: 5,
      standardHeaders: 'draft-7',
      legacyHeaders: false,
    })
    const { state } = await toldBy(express().use(apiTerms(gate)).use(limiter), keys.crm)
    expect(state).toEqual({ read: { r: 9 } })
  })
})
