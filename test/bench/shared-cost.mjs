// What a pair of acquire and release costs Redis, as Redis itself counts.
import { once } from 'node:events'
import { connect } from 'node:net'
import { start } from './children.mjs'

/** With many at once, where they share commands; one after the other; and so that no two share a command. */
export async function costTable(redis, { sides, pairs, ...options }) {
  const [ours] = sides
  const ways = [
    ...sides.map((side) => ({ side, way: `${options.concurrency} at once` })),
    ...sides.map((side) => ({ side, way: '1 at once', concurrency: 1 })),
    { side: ours, way: 'each command alone', concurrency: 1, apart: true },
  ]
  const rows = []
  for (const { side, way, ...changes } of ways) {
    // A process that ends may leave something open.
    await redis.client.flushAll()
    const told = { ...options, ...changes, pairs, url: redis.url }
    const child = await start('pairs.mjs', [side, JSON.stringify(told)])
    const round = () => child.ask('round')
    await round()
    // What MONITOR tells costs too: it is not counted together with bytes and time.
    const used = await usedBy(redis, round)
    const commands = await monitored(redis, round)
    await child.stop()
    rows.push({
      label: `${side.split(',')[0]}, ${way}`,
      'commands sent/pair': commands.sent / pairs,
      'run inside of scripts/pair': commands.inside / pairs,
      'bytes in/pair': used.bytesIn / pairs,
      'bytes out/pair': used.bytesOut / pairs,
      "Redis's CPU µs/pair": used.cpuUs / pairs,
    })
  }
  return { title: `Shared store, what Redis counts (${number(pairs)} pairs a row)`, rows }
}

/** What open connections keep in Redis's memory. */
export async function memoryTable(redis, { side, accounts, perAccount }) {
  const rows = []
  for (const held of perAccount) {
    await redis.client.flushAll()
    const before = await counted(redis, 'memory')
    const child = await start('pairs.mjs', [
      side,
      JSON.stringify({ url: redis.url, accounts, limit: held, held }),
    ])
    const bytes = (await counted(redis, 'memory'))('used_memory') - before('used_memory')
    await child.stop()
    rows.push({
      label: `${held} open in each of ${number(accounts)} accounts`,
      'bytes/account': bytes / accounts,
      'bytes/connection': bytes / accounts / held,
    })
  }
  return { title: 'Shared store, memory of Redis', rows }
}

/** A function that tells the number of a name in a section of Redis's INFO. */
export async function counted({ client }, section) {
  const info = await client.info(section)
  return (name) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)[1])
}

/** What Redis's process has used of a processor so far. */
export async function cpuUs(redis) {
  const of = await counted(redis, 'cpu')
  return (of('used_cpu_user') + of('used_cpu_sys')) * 1e6
}

async function usedBy(redis, work) {
  const [before, cpuBefore] = [await counted(redis, 'stats'), await cpuUs(redis)]
  await work()
  const [after, cpuAfter] = [await counted(redis, 'stats'), await cpuUs(redis)]
  const grown = (name) => after(name) - before(name)
  return {
    bytesIn: grown('total_net_input_bytes'),
    bytesOut: grown('total_net_output_bytes'),
    cpuUs: cpuAfter - cpuBefore,
  }
}

const number = (value) => value.toLocaleString('en-US')

/** Counts the commands that `MONITOR` shows: those that clients send, and those that run inside of scripts. */
async function monitored({ port, client }, work) {
  const seen = { sent: 0, inside: 0 }
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  await once(socket, 'connect')
  let rest = ''
  let ended = () => {}
  socket.on('data', (text) => {
    const lines = (rest + text).split('\r\n')
    rest = lines.pop()
    for (const line of lines) {
      if (line.includes('"END-OF-ROUND"')) return ended()
      if (/^\+[\d.]+ \[\d+ lua\]/.test(line)) seen.inside++
      else if (/^\+[\d.]+ \[/.test(line)) seen.sent++
    }
  })
  socket.write('MONITOR\r\n')
  await once(socket, 'data')
  seen.sent = 0
  await work()
  const end = new Promise((resolve) => (ended = resolve))
  await client.echo('END-OF-ROUND')
  await end
  socket.destroy()
  return seen
}
