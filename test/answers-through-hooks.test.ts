import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import compression from 'compression'
import express5 from 'express'
import onHeaders from 'on-headers'
import { afterEach, describe, expect, test } from 'vitest'
import { apiTerms } from '@api-terms/express'
import { createServer } from 'node:http'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { RawCaller } from './callers/raw.js'
import { listening, Opened } from './upgrading.js'

const express4 = createRequire(import.meta.url)('express4') as typeof express5

const opened = new Opened()
afterEach(() => opened.close())

type Middleware = (req: IncomingMessage, res: ServerResponse, next: () => void) => void

/** Middleware that stands before the gate and takes part in the heads of answers. */
const HOOKS: Readonly<Record<string, Middleware>> = {
  'sets what nobody has set'(_req, res, next) {
    onHeaders(res, () => {
      for (const [name, value] of [
        ['Content-Type', 'text/html'],
        ['Cache-Control', 'public, max-age=3600'],
        ['WWW-Authenticate', 'Negotiate'],
      ] as const)
        if (!res.hasHeader(name)) res.setHeader(name, value)
    })
    next()
  },
  compresses: compression({ threshold: 0 }) as unknown as Middleware,
  'has caches of its own in mind'(_req, res, next) {
    onHeaders(res, () => res.setHeader('CDN-Cache-Control', 'max-age=3600'))
    next()
  },
  'writes the head when the body is there'(_req, res, next) {
    const { writeHead, end } = res
    let head: unknown[] | undefined
    res.writeHead = (...args: unknown[]) => ((head = args), res)
    res.end = ((...args: unknown[]) => {
      setImmediate(() => {
        if (head) writeHead.apply(res, head as never)
        end.apply(res, args as never)
      })
      return res
    }) as never
    next()
  },
}

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
] as const)('%s, behind middleware that', (_, express) => {
  test.each(Object.entries(HOOKS))('%s: a refusal has its fields, each once', async (_name, hook) => {
    const { gate } = gateWith()
    const app = express().disable('x-powered-by').use(hook).use(apiTerms(gate))
    const port = await listening(createServer(app), opened)
    const caller = opened.add(await RawCaller.to(port), ({ socket }) => socket.destroy())
    const asks = [['Accept-Encoding', 'gzip']] as const
    const { status, fields, body } = await caller.ask('GET', '/v1/calls', asks).answer()
    expect(status).toBe(401)
    expect(fields).toMatchObject({
      'content-type': ['application/problem+json'],
      'cache-control': ['no-store'],
      link: ['<https://provider.example/terms>; rel="terms-of-service"'],
    })
    expect(fields['www-authenticate']).toHaveLength(3)
    expect(fields).not.toHaveProperty('cdn-cache-control')
    if (fields['content-encoding']) return expect(body[0]).toBe('\u001f')
    expect(JSON.parse(body)).toMatchObject({ reason: 'credentials-missing' })
  })
})
