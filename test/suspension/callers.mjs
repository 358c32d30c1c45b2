import { Agent, request } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { now } from './clock.mjs'

/** The machine is to be busy, not to be what is measured. */
const PAUSE_MS = 10

/** What became of something that a caller had open. */
class Opened {
  begun = now()
  status
  /** When its last byte came. */
  lastByte = 0
  body = ''
  close = () => {}
  #start
  #end
  started = new Promise((resolve) => (this.#start = resolve))
  ended = new Promise((resolve) => (this.#end = resolve))

  answered(status) {
    this.status = status
  }

  heard(bytes) {
    this.lastByte = now()
    if (this.status !== 200) this.body += bytes
    this.#start()
  }

  /** Its socket is closed, or its answer is complete: nothing can come any more. */
  over() {
    this.lastByte = Math.max(this.lastByte, now())
    this.#start()
    this.#end(this)
  }
}

const fieldsOf = (key) => ({ authorization: `Bearer ${key}` })

export function send({ port, key, agent = false }, method, path) {
  const opened = new Opened()
  const asked = request({ host: '127.0.0.1', port, method, path, agent, headers: fieldsOf(key) })
  asked.on('response', (response) => {
    opened.answered(response.statusCode)
    response.on('data', (bytes) => opened.heard(bytes))
    response.on('error', () => {})
    response.on('close', () => opened.over())
  })
  asked.on('error', () => opened.over())
  opened.close = () => asked.destroy()
  asked.end()
  return opened
}

export function openWebSocket({ port, key }) {
  const opened = new Opened()
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime`, { headers: fieldsOf(key) })
  socket.on('upgrade', () => opened.answered(101))
  socket.on('message', (bytes) => opened.heard(bytes))
  socket.on('unexpected-response', (_request, response) => opened.answered(response.statusCode))
  socket.on('error', () => {})
  socket.on('close', () => opened.over())
  return opened
}

/** Asks again and again, one request after the other, until it is told to stop. */
export function startLoad(where) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const end = new AbortController()
  const loop = async () => {
    const answers = []
    while (!end.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      answers.push(await send({ ...where, agent }, 'GET', '/v1/calls').ended)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await passed(Math.random() * PAUSE_MS)
    }
    agent.destroy()
    return answers
  }
  const all = loop()
  return {
    stop() {
      end.abort()
      return all
    },
  }
}
