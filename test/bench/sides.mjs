// The servers that are compared, by framework and side. Each answers the same request with the same content.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { apiTerms as expressTerms } from '@api-terms/express'
import { apiTerms as koaTerms } from '@api-terms/koa'
import { createLedger, createUsage } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { openTelemetry, prometheus } from '@api-terms/telemetry'
import { metrics, trace } from '@opentelemetry/api'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import Koa from 'koa'
import koaHelmet from 'koa-helmet'
import koaPassport from 'koa-passport'
import koaRateLimit from 'koa-ratelimit'
import passport from 'passport'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import prometheusClient from 'prom-client'
import { EXTENSIONS, HOLD, TARGET } from './terms.mjs'

const MINUTE_MS = 60_000
const CACHE_CONTROL = 'private, max-age=300'
/** A rate that no round reaches: what is measured is the counting. */
const NEVER_REACHED = 1_000_000_000

/**
 * What goes before the handlers, by framework and side, for the whole app. Under a path of its own Express takes some 4 % for any middleware,
 * an empty one too. `guard` is what {@link createGuard} made.
 */
const BEFORE = {
  'express/bare': () => undefined,
  'express/gate': (app, { gate }) => app.use(expressTerms(gate)),
  'express/records': (app, { gate }) => app.use(expressTerms(keepingRecords(gate))),
  'express/everything': (app, { gate }) => app.use(expressTerms(measured(keepingRecords(gate)))),
  'express/stack': (app, { keys }) => {
    app.use(helmet())
    app.use(bearerFor(passport, keys).authenticate('bearer', { session: false }))
    app.use(
      rateLimit({
        windowMs: MINUTE_MS,
        limit: NEVER_REACHED,
        standardHeaders: 'draft-8',
        legacyHeaders: false,
        keyGenerator: (req) => req.user.id,
      }),
    )
    app.use((_req, res, next) => {
      res.set('Cache-Control', CACHE_CONTROL)
      res.vary('Authorization')
      next()
    })
  },
  'koa/bare': () => undefined,
  'koa/gate': (app, { gate }) => app.use(koaTerms(gate)),
  'koa/records': (app, { gate }) => app.use(koaTerms(keepingRecords(gate))),
  'koa/everything': (app, { gate }) => app.use(koaTerms(measured(keepingRecords(gate)))),
  'koa/stack': (app, { keys }) => {
    app.use(koaHelmet())
    app.use(bearerFor(koaPassport, keys).authenticate('bearer', { session: false }))
    app.use(
      koaRateLimit({
        driver: 'memory',
        db: new Map(),
        duration: MINUTE_MS,
        max: NEVER_REACHED,
        id: (ctx) => ctx.state.user.id,
      }),
    )
    app.use((ctx, next) => {
      ctx.set('Cache-Control', CACHE_CONTROL)
      ctx.vary('Authorization')
      return next()
    })
  },
}

/** With the ledger and usage, which is put away as often as by default. */
function keepingRecords(gate) {
  createLedger({ sinks: [() => undefined] }).follow(gate)
  createUsage().follow(gate)
  return gate
}

/** With metrics, and the event on the active span. */
function measured(gate) {
  prometheus(gate, { client: prometheusClient, register: new prometheusClient.Registry() })
  openTelemetry(gate, { metrics, trace })
  return gate
}

/** The server of a side, not listening yet. */
export function createSide(name, guard) {
  const [framework, side] = name.split('/')
  if (framework === 'express') {
    const app = express()
    BEFORE[name](app, guard)
    app.get(TARGET, (_req, res) => res.json({ extensions: EXTENSIONS }))
    app.get(HOLD, () => undefined)
    return createServer(app)
  }
  if (framework === 'koa') {
    const app = new Koa()
    BEFORE[name](app, guard)
    app.use(koaHandler)
    const callback = app.callback()
    return createServer((req, res) => void callback(req, res))
  }
  return createServer(side === 'gate' ? guardRequests(guard.gate, nodeHandler) : nodeHandler)
}

function koaHandler(ctx) {
  if (ctx.path === TARGET) ctx.body = { extensions: EXTENSIONS }
  if (ctx.path === HOLD) return new Promise((resolve) => ctx.req.on('close', resolve))
}

function nodeHandler(req, res) {
  if (req.url === HOLD) return
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(JSON.stringify({ extensions: EXTENSIONS }))
}

/** As its documentation shows it, but with digests in place of keys: a stack that keeps keys is no fair comparison. */
function bearerFor(passportOfFramework, keys) {
  const digestOf = (key) => createHash('sha256').update(key).digest('hex')
  const users = new Map(keys.map((key, index) => [digestOf(key), { id: `account-${index}` }]))
  const strategy = new BearerStrategy((key, done) => done(null, users.get(digestOf(key)) ?? false))
  return passportOfFramework.use(strategy)
}
