// What a pair of acquire and release costs Redis, as Redis itself counts.
import { once } from 'node:events'
import { connect } from 'node:net'
import { start } from './children.mjs'

/** Both with many at once, where they share commands, and one after the other. */
export async function costTable(redis, { sides, pairs, ...options }) {
  const rows = []
  for (const concurrency of [options.concurrency, 1]) {
    for (const side of sides) {
      // A process that ends may leave something open.
      await redis.client.flushAll()
      const told = { ...options, concurrency, pairs, url: redis.url }
      const child = await start('pairs.mjs', [side, JSON.stringify(told)])
      await child.ask('round')
      // What MONITOR tells is sent too, so that it is not counted together with bytes.
      const bytes = await bytesOf(redis, () => child.ask('round'))
      const commands = await monitored(redis, () => child.ask('round'))
      await child.stop()
      rows.push({
        label: `${side.split(',')[0]}, ${concurrency} at once`,
        'commands sent/pair': commands.sent / pairs,
        'run inside of scripts/pair': commands.inside / pairs,
        'bytes in/pair': bytes.in / pairs,
        'bytes out/pair': bytes.out / pairs,
      })
    }
  }
  return { title: `Shared store, what Redis counts (${pairs.toLocaleString('en-US')} pairs a row)`, rows }
}

async function bytesOf({ client }, work) {
  const net = async () => {
    const info = await client.info('stats')
    const of = (name) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)[1])
    return { in: of('total_net_input_bytes'), out: of('total_net_output_bytes') }
  }
  const before = await net()
  await work()
  const after = await net()
  return { in: after.in - before.in, out: after.out - before.out }
}

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
