import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type Koa from 'koa'
import { describe, expect, test } from 'vitest'
import { accepting, apiOf, TERMS_URL, told, type Before, type Framework } from './setting.js'

// Acceptances behind a parser of bodies, which reads some content, leaves the rest, and sets a value for both.

const OPTIONS = {
  options: {
    terms: { url: TERMS_URL, versions: [{ version: '2026-01', effectiveAt: new Date('2026-01-01') }] },
  },
}

const EXPRESS: Record<string, Before> = {
  'json()': { express: (express) => express.json() },
  'urlencoded()': { express: (express) => express.urlencoded({ extended: true }) },
  'text()': { express: (express) => express.text() },
  'text() of every type': { express: (express) => express.text({ type: '*/*' }) },
  'raw() of JSON': { express: (express) => express.raw({ type: 'application/json' }) },
}

const KOA: Record<string, Before> = {
  'a parser that reads JSON': parsing(async (req) => JSON.parse(await textOf(req)) as unknown),
  'a parser that reads it as text': parsing(textOf),
  'a parser that reads no JSON': parsing(() => Promise.resolve({})),
}

/** As the parsers for Koa do. */
function parsing(parse: (req: IncomingMessage) => Promise<unknown>): Before {
  return {
    async koa(ctx, next) {
      ;(ctx.request as Koa.Request & { body?: unknown }).body = await parse(ctx.req)
      await next()
    },
  }
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const READ_BY_ANOTHER: Before = {
  express: () => (req, _res, next) => void textOf(req).then(() => next(), next),
  async koa(ctx, next) {
    await textOf(ctx.req)
    await next()
  },
}

describe.each<[Framework, Record<string, Before>]>([
  ['Express 4', EXPRESS],
  ['Express 5', EXPRESS],
  ['Koa 2', KOA],
  ['Koa 3', KOA],
])('%s', (framework, parsers) => {
  test.each(Object.entries(parsers))('1(a): a client accepts behind %s', async (_name, before) => {
    const { ask, client, registry } = await apiOf({ framework, before, ...OPTIONS })
    const key = await client('crm')
    const accept = (body: unknown) =>
      told(ask(key, '/terms/acceptances', { ...accepting('2026-01'), body: body as string }))
    expect(await accept('[]')).toBe(400)
    expect(await accept(JSON.stringify(['x'.repeat(5000)]))).toBe('body-too-large')
    expect(await accept(accepting('2026-01').body)).toBe(201)
    expect(registry.client('crm')?.acceptances).toMatchObject([{ by: 'Ada Acme', entity: 'Acme Ltd' }])
  })

  test('content that another middleware has read and kept to itself is no fault of the caller’s', async () => {
    const { ask, client, warnings } = await apiOf({ framework, before: READ_BY_ANOTHER, ...OPTIONS })
    const key = await client('crm')
    expect(await told(ask(key, '/terms/acceptances', accepting('2026-01')))).toBe(500)
    expect(warnings).toMatchObject([
      {
        code: 'option-failed',
        message: expect.stringMatching(/before it came to the router.*ctx\.request\.body/),
      },
    ])
  })
})
