import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as passed } from 'node:timers/promises'
import { openWebSocket, send, startLoad } from './callers.mjs'
import { now } from './clock.mjs'

const LOADS = 2
const HANG_MS = 10_000

/**
 * One account, with streams, WebSockets, a held write, requests that wait for it, and load, in every process; suspended in one of them. Answers
 * how long after the call each thing ended, and everything that was not as it must be: after the bound nobody is let in any more.
 */
export async function suspensionRun(processes, run, other, boundMs) {
  const account = `acme-${run}`
  const at = Math.floor(Math.random() * processes.length)
  const suspender = processes[at]
  const key = await processes[(at + 1) % processes.length].child.ask('register', account)
  const each = (open) => processes.flatMap(({ port }) => open({ port, key }))
  const open = {
    stream: each((where) => [send(where, 'GET', '/v1/events'), send(where, 'GET', '/v1/events')]),
    websocket: each((where) => [openWebSocket(where)]),
  }
  const held = send({ port: suspender.port, key }, 'POST', '/v1/calls')
  await Promise.all([...open.stream, ...open.websocket, held].map(({ started }) => started))
  open.held = [held]
  open.waiting = each((where) => [send(where, 'POST', '/v1/calls')])
  const stands = send({ port: suspender.port, key: other }, 'GET', '/v1/events')
  const loads = each((where) => Array.from({ length: LOADS }, () => startLoad(where)))
  const otherLoads = processes.map(({ port }) => startLoad({ port, key: other }))
  await passed(100 + Math.random() * 100)

  const lag = monitorEventLoopDelay({ resolution: 5 })
  lag.enable()
  const { called, resolved } = await suspender.child.ask('suspend', account)
  const all = Object.values(open).flat()
  const hang = passed(HANG_MS, 'hangs', { ref: false })
  const outcome = await Promise.race([Promise.all(all.map(({ ended }) => ended)), hang])
  lag.disable()
  // Load goes on until well after the bound, so that it would show who is let in.
  await passed(Math.max(0, called + boundMs + 100 - now()))
  const late = await Promise.all(each((where) => [send(where, 'GET', '/v1/calls').ended]))
  const answers = [...late, ...(await Promise.all(loads.map((load) => load.stop()))).flat()]
  const others = (await Promise.all(otherLoads.map((load) => load.stop()))).flat()
  const cameIn = Math.max(...(await Promise.all(processes.map(({ child }) => child.ask('cameIn', account)))))
  const openNow = await Promise.all(processes.map(({ child }) => child.ask('openNow', account)))

  const served = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ begun }) => begun > called + boundMs)
  const lateMs = lag.max / 1e6
  const after = (list) => Math.max(...list.map(({ lastByte }) => lastByte)) - called
  const times = {
    ...Object.fromEntries(Object.entries(open).map(([name, list]) => [name, after(list)])),
    served: after(served),
    admitted: cameIn - called,
  }
  const isSuspended = ({ status, body }) => status === 403 && body.includes('"account-suspended"')
  // The end of the held write lets in who is next, whose process may not have heard yet: ended as soon as it has.
  const wasLetIn = ({ status }) => status === 200 || status === undefined
  const faults = [
    [outcome === 'hangs', 'something stayed open'],
    [openNow.some((count) => count > 0), 'a process still counts connections of the account'],
    [served.length === 0, 'nobody was served before'],
    [
      !refused.every(isSuspended),
      'a request after the bound was answered otherwise than by account-suspended',
    ],
    [
      !open.waiting.every((one) => isSuspended(one) || wasLetIn(one)),
      'a request that waited was answered otherwise than by account-suspended',
    ],
    [!open.stream.every(({ status }) => status === 200), 'a stream was not open'],
    [!open.websocket.every(({ status }) => status === 101), 'a WebSocket was not open'],
    [times.admitted > boundMs, `somebody came in after ${boundMs} ms`],
    // What is told too late by a machine that stood still is not known to have come too late.
    [Object.values(times).some((ms) => ms > boundMs + lateMs), `it took longer than ${boundMs} ms`],
    [!others.every(({ status }) => status === 200), 'another account was disturbed'],
    [stands.status !== 200 || now() - stands.lastByte > 500, "another account's stream was ended"],
  ]
  stands.close()
  return {
    times,
    resolvedMs: resolved - called,
    lateMs,
    requests: answers.length + others.length,
    faults: faults.filter(([is]) => is).map(([, what]) => what),
  }
}
