// One server, the connections to it, and what must hold for each of them and at the end.
import { fileURLToPath } from 'node:url'
import { Child } from '../child.mjs'
import { readAnswers, wrongWithAnswer } from './answers.mjs'
import { makeCase } from './cases.mjs'
import { run } from './connection.mjs'
import { OF_EXPRESS } from './warnings.mjs'

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))
const BATCH = 150
const MOST_FAULTS = 20

export async function runRound({ app, requests, random }) {
  const began = performance.now()
  const child = new Child(SERVER, [app], [`--disable-warning=${OF_EXPRESS}`])
  const { port, ...secrets } = await child.ready()
  const tally = {
    sent: 0,
    connections: 0,
    reached: 0,
    kinds: {},
    statuses: {},
    reasons: {},
    faults: [],
    leavers: [],
  }
  while (tally.sent < requests) {
    const cases = Array.from({ length: BATCH }, () => makeCase(random, secrets))
    const runs = await Promise.all(cases.map((each) => observed(port, each)))
    // On a busy machine a whole batch may be late; who hangs alone does hang.
    for (const each of runs.filter(({ hangs }) => hangs)) Object.assign(each, await run(port, each))
    judge(runs, await child.ask('reached'), secrets, tally)
  }
  const report = await child.ask('report')
  const left = report.sockets + report.held
  await child.ask('close')
  await child.stop()
  const faults = [...tally.faults, ...report.faults]
  if (left > 0) faults.push(`${report.sockets} sockets and ${report.held} connections were left`)
  if (tally.reached === 0) faults.push('nothing ever reached the handler')
  if (child.printed) faults.push(`the server printed: ${child.printed.slice(0, 500)}`)
  return { app, seconds: (performance.now() - began) / 1000, events: report.events, ...tally, faults }
}

async function observed(port, each) {
  return { ...each, ...(await run(port, each)) }
}

function judge(runs, reached, secrets, tally) {
  const byPort = new Map()
  for (const each of runs) byPort.set(each.localPort, [...(byPort.get(each.localPort) ?? []), each])
  for (const each of runs) judgeAnswers(each, secrets, tally)
  tally.reached += reached.length
  // Who has reset the connection has no port any more.
  const leavers = [...tally.leavers, ...runs.filter(({ leaves }) => leaves)]
  tally.leavers = leavers.slice(-2 * BATCH)
  for (const { port, method, target } of reached) {
    const candidates = byPort.get(port) ?? leavers
    const mayReach = candidates.some((each) => takeFrom(each.may, method, target))
    if (!mayReach) complain(tally, `the handler was reached: ${method} ${target}`, candidates[0])
  }
}

/** Whether a request was among those that may reach the handler; each of them may do so once. */
function takeFrom(may, method, target) {
  if (!may) return true
  const index = may.findIndex((each) => each.method === method && each.target === target)
  if (index === -1) return false
  may.splice(index, 1)
  return true
}

function judgeAnswers(each, { keys, strangers }, tally) {
  tally.sent += each.requests
  tally.connections++
  count(tally.kinds, each.kind)
  if (each.hangs) complain(tally, 'a connection hangs', each)
  if ([...keys, ...strangers].some((key) => each.text.includes(key)))
    complain(tally, 'an answer tells a key', each)
  const { answers, rest } = readAnswers(each.text)
  if (rest !== '' && !each.leaves)
    complain(tally, `no whole answer: ${JSON.stringify(rest.slice(0, 300))}`, each)
  if (answers.length === 0 && !each.leaves) count(tally.statuses, 'closed')
  for (const answer of answers) {
    count(tally.statuses, answer.status)
    const reason = /#([a-z-]+)"/.exec(answer.body)?.[1]
    if (reason) count(tally.reasons, reason)
    const wrong = wrongWithAnswer(answer)
    if (wrong) complain(tally, wrong, each)
  }
}

function complain(tally, text, each) {
  if (tally.faults.length >= MOST_FAULTS) return
  const sent = each ? JSON.stringify(Buffer.concat(each.pieces).toString('latin1').slice(0, 600)) : ''
  tally.faults.push(`${text}\n    ${each?.kind} ${sent}`)
}

function count(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1
}
