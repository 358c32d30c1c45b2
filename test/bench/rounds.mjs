// Measuring in rounds: each side once a round, in an order drawn anew, so that what else the machine does falls on all alike.
import autocannon from 'autocannon'

const CONNECTIONS = 8

/** Measures each side once a round; answers with a list of rounds, each an object from side to measurement. */
export async function inRounds(sides, rounds, measure) {
  const measured = []
  for (let round = 0; round < rounds; round++) {
    const row = {}
    for (const side of shuffled(sides)) row[side] = await measure(side)
    measured.push(row)
  }
  return measured
}

/** Loads a server unmeasured: V8 goes on compiling its code for some seconds, at the cost of the same process. */
export function warm(child, { seconds, ...about }) {
  return autocannon({ ...asked(child, about), duration: seconds })
}

/** Loads a server for so many seconds: requests per second, and CPU time of the server's process per request. */
export async function load(child, { status, seconds, ...about }) {
  const cpuBefore = await child.ask('cpuMs')
  const sleep = stayAwake()
  const result = await autocannon({ ...asked(child, about), duration: seconds, sampleInt: 100 })
  sleep()
  const cpuMs = (await child.ask('cpuMs')) - cpuBefore
  const answers = result.statusCodeStats[status]?.count ?? 0
  if (answers === 0 || answers !== result.requests.total) {
    throw new Error(
      `${about.path} was to be answered with ${status}: ${JSON.stringify(result.statusCodeStats)}`,
    )
  }
  return { rate: answers / result.duration, cpuUs: (cpuMs * 1000) / answers }
}

/**
 * Keeps this process from sleeping between answers. The kernel charges the waking of a client on the same machine to the server, with up to a
 * fifth of its time, and the more often the more the client waits: the slower of two servers would pay twice.
 */
function stayAwake() {
  let awake = true
  const turn = () => awake && setImmediate(turn)
  turn()
  return () => (awake = false)
}

function asked(child, { path, key, connections = CONNECTIONS }) {
  return {
    url: `http://127.0.0.1:${child.facts.port}${path}`,
    headers: { authorization: `Bearer ${key}` },
    connections,
  }
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function shuffled(values) {
  const rest = [...values]
  for (let last = rest.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[rest[last], rest[other]] = [rest[other], rest[last]]
  }
  return rest
}
