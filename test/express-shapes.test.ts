import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { apiTerms } from '@api-terms/express'
import express5, { type Express, type Request, type Response } from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gateWith, twoAccounts } from '../packages/core/test/gate-setting.js'

const express4 = createRequire(import.meta.url)('express4') as typeof express5

setFlagsFromString('--allow-natives-syntax')
// Not known before the flag is set.
// oxlint-disable-next-line no-new-func, no-implied-eval
const haveSameShape = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean

type Exchange = readonly [Request, Response]

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('behind %s', (_name, express) => {
  test('all requests, until a route has matched, and all responses have one shape, from the second on', async () => {
    const [inHandler, over]: [Exchange[], Exchange[]] = [[], []]
    const app = gated(express)
    app.use('/v1/calls', (req: Request, res: Response) => {
      inHandler.push([req, res])
      res.on('close', () => over.push([req, res]))
      if (inHandler.length === 1) return res.json({ first: true })
      // Together, so that both are at the same point.
      if (inHandler.length < 3) return undefined
      const [, second, third] = inHandler
      expect(haveSameShape(second![0], third![0])).toBe(true)
      expect(haveSameShape(second![1], third![1])).toBe(true)
      for (const [, held] of [second!, third!]) held.json({ held: true })
      return undefined
    })
    const get = await serving(app)
    await get('/v1/calls/1')
    const both = await Promise.all([get('/v1/calls/2'), get('/v1/calls/3')])
    expect(both).toEqual(['{"held":true}', '{"held":true}'])
    await expect.poll(() => over.length).toBe(3)
    expect(haveSameShape(over[1]![0], over[2]![0])).toBe(true)
    expect(haveSameShape(over[1]![1], over[2]![1])).toBe(true)
  })

  test('an app finds in each of them what it would find without the gate', async () => {
    const seenBy = async (app: Express) => {
      const early: string[] = []
      app.use((req, _res, next) => {
        if ('route' in req) early.push('route')
        next()
      })
      app.get('/v1/calls/:id', (req: Request, res: Response) => {
        res.json({
          ...membersOf(req, res),
          early: early.splice(0),
          params: req.params,
          route: (req.route as { path: string }).path,
          query: req.query,
          fresh: req.fresh,
          requests: [req.res === res, res.req === req],
          next: typeof req.next,
        })
      })
      app.use('/v1/mounted', (req: Request, res: Response) => {
        res.status(201).json({ ...membersOf(req, res), route: req.route as unknown, early: early.splice(0) })
      })
      const get = await serving(app)
      const all: string[] = []
      for (let round = 0; round < 3; round++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other: the second is made ready, the first is not
        for (const path of ['/v1/calls/7?a=1&a=2', '/v1/mounted/x?b=1', '/v1/nothing'])
          all.push(await get(path))
      }
      return all
    }
    expect(await seenBy(gated(express))).toEqual(await seenBy(express()))
  })

  test.each(['route', 'locals', 'statusCode'])(
    'what an app has put in the place of %s stays in force',
    async (name) => {
      const app = gated(express)
      const prototype = name === 'route' ? app.request : app.response
      const own = new WeakMap<object, unknown>()
      let sets = 0
      Object.defineProperty(prototype, name, {
        get(this: object) {
          return own.get(this) ?? (name === 'statusCode' ? 200 : undefined)
        },
        set(this: object, value: unknown) {
          sets++
          own.set(this, value)
        },
      })
      app.get('/v1/calls/:id', (_req: Request, res: Response) => {
        res.status(202).json(sets > 0)
        sets = 0
      })
      const get = await serving(app)
      expect([await get('/v1/calls/1'), await get('/v1/calls/2'), await get('/v1/calls/3')]).toEqual([
        'true',
        'true',
        'true',
      ])
    },
  )
})

const accounts = twoAccounts()

test('an app of Express 5 beside a gated one of Express 4, on one server, keeps its own query', async () => {
  const [older, newer] = [gated(express4), express5()]
  for (const app of [older, newer])
    app.get('/:version/calls', (req: Request, res: Response) => res.json(req.query))
  const get = await serving((req, res) => void (req.url!.startsWith('/v1') ? older : newer)(req, res))
  const all: string[] = []
  for (const path of ['/v1/calls?a=1', '/v2/calls?b=2', '/v1/calls?a=3', '/v2/calls?b=4'])
    // oxlint-disable-next-line no-await-in-loop -- one after the other: later ones are made ready
    all.push(await get(path))
  expect(all).toEqual(['{"a":"1"}', '{"b":"2"}', '{"a":"3"}', '{"b":"4"}'])
})

function gated(express: typeof express5): Express {
  const app = express()
  app.use(apiTerms(gateWith({}, accounts).gate))
  return app
}

function membersOf(req: Request, res: Response) {
  const { url, originalUrl, baseUrl } = req
  const { statusCode, statusMessage, locals } = res
  const isBare = Object.getPrototypeOf(locals) === null
  return { url, originalUrl, baseUrl, statusCode, statusMessage, locals, isBare }
}

async function serving(app: RequestListener): Promise<(path: string) => Promise<string>> {
  const server = createServer(app).listen(0)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return async (path) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${accounts.keys.crm}` },
    })
    return answer.text()
  }
}
