// The servers of the fuzz: the gate in each framework, and behind it one handler that answers everything.
import { createServer } from 'node:http'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { apiTerms as expressTerms } from '@api-terms/express'
import { apiTerms as koaTerms } from '@api-terms/koa'
import express from 'express'
import Koa from 'koa'

export const APPS = { express: expressApp, koa: koaApp, node: nodeApp }

/** Short, so that what never ends its request is seen to be let go. */
const BOUNDS = {
  connectionsCheckingInterval: 100,
  headersTimeout: 600,
  requestTimeout: 800,
  keepAliveTimeout: 30,
}
const MARK = ['x-reached', '1']

function expressApp(gate, reach) {
  const app = express().disable('x-powered-by').set('env', 'test')
  app.use(expressTerms(gate))
  app.use((req, res) => answer(req, res, reach))
  return withUpgrades(createServer(BOUNDS, app), gate, reach)
}

function koaApp(gate, reach) {
  const app = new Koa()
  app.silent = true
  app.use(koaTerms(gate))
  app.use((ctx) => {
    ctx.respond = false
    ctx.res.statusCode = 200
    answer(ctx.req, ctx.res, reach)
  })
  const listener = app.callback()
  const server = createServer(BOUNDS, (req, res) => void listener(req, res))
  return withUpgrades(server, gate, reach)
}

function nodeApp(gate, reach) {
  const listener = guardRequests(gate, (req, res) => answer(req, res, reach))
  return withUpgrades(createServer(BOUNDS, listener), gate, reach)
}

/** Reads what there is of a body, then answers. */
function answer(req, res, reach) {
  reach(req)
  res.setHeader(...MARK)
  req.on('error', () => {})
  req.on('end', () => res.end('{"reached":true}'))
  req.resume()
}

function withUpgrades(server, gate, reach) {
  guardUpgrades(gate, server, (req, socket) => {
    reach(req)
    socket.end(`HTTP/1.1 101 Switching Protocols\r\n${MARK.join(': ')}\r\n\r\n`)
  })
  return server
}
