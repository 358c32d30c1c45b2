// The servers of the soak: the gate in each framework, and behind it handlers that count.
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { admissionOf as admissionOfRequest, guardRequests, guardUpgrades } from '@api-terms/core/node'
import { admissionOf as admissionInExpress, apiTerms as expressTerms } from '@api-terms/express'
import { admissionOf as admissionInKoa, apiTerms as koaTerms } from '@api-terms/koa'
import express from 'express'
import Koa from 'koa'
import { WebSocketServer } from 'ws'
import { handlerOf } from './handlers.mjs'

const SESSION_IDLE_MS = 2000
const DIE = Buffer.from('die')

export const APPS = { express: expressApp, koa: koaApp, http2: http2App }

/** Runs a handler; what it throws or rejects with is for the framework. */
function run(req, res, admission, enter, target) {
  const { handler, ms } = handlerOf(target)
  const holdInCensus = enter(req, res, admission)
  const hold = (work) => {
    // First told to the gate, so that it hears last of its end, and never holds for less than the handler sees.
    holdInCensus(work)
    admission.connection.holdUntil(work)
  }
  return { work: () => handler(req, res, { ms, hold }), holdInCensus }
}

function expressApp(gate, enter) {
  const app = express().disable('x-powered-by')
  app.use('/v1', expressTerms(gate))
  app.use((req, res) => run(req, res, admissionInExpress(req), enter, req.originalUrl).work())
  // Without it Express would print each crash.
  app.use((error, _req, res, next) => {
    if (res.headersSent) return next(error)
    res.status(500).json({ error: 'crashed' })
  })
  app.set('env', 'test')
  return withWebSockets(createServer(app), gate, enter)
}

function koaApp(gate, enter) {
  const app = new Koa()
  app.silent = true
  app.use(koaTerms(gate))
  app.use(async (ctx) => {
    ctx.respond = false
    ctx.res.statusCode = 200
    const { work, holdInCensus } = run(ctx.req, ctx.res, admissionInKoa(ctx), enter, ctx.originalUrl)
    // The middleware's own promise: the connection counts until it has settled.
    const settled = Promise.resolve().then(work)
    holdInCensus(settled)
    await settled
  })
  const listener = app.callback()
  const server = createServer((req, res) => void listener(req, res))
  return withWebSockets(server, gate, enter)
}

function http2App(gate, enter) {
  const server = createHttp2Server(
    guardRequests(gate, (req, res) => {
      const { work } = run(req, res, admissionOfRequest(req), enter, req.url)
      Promise.resolve()
        .then(work)
        .catch(() => {
          if (res.headersSent || !res.stream) return res.stream?.close()
          res.statusCode = 500
          res.end()
        })
    }),
  )
  // Node 20 now and then misses that a peer has destroyed its session, with a gate or without: the socket would stay.
  return server.on('session', (session) => session.setTimeout(SESSION_IDLE_MS, () => session.destroy()))
}

function withWebSockets(server, gate, enter) {
  const sockets = new WebSocketServer({ noServer: true })
  guardUpgrades(gate, server, (req, socket, head, admission) => {
    enter(req, socket, admission)
    sockets.handleUpgrade(req, socket, head, (webSocket) => {
      webSocket.on('error', () => {})
      webSocket.on('message', (message) => {
        if (DIE.equals(message)) webSocket.terminate()
        else webSocket.send(message)
      })
    })
  })
  return server
}
