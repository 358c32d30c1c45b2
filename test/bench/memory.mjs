// What an open connection keeps on the heap, beyond what the framework and Node keep for it.
import { connect } from 'node:net'
import { once } from 'node:events'
import { start } from './children.mjs'
import { median } from './rounds.mjs'
import { HOLD } from './terms.mjs'

const FRAMEWORKS = { node: 'node:http', express: 'Express 5', koa: 'Koa 3' }
const PATIENCE_MS = 30_000

export async function measureMemory({ connections, repeats }) {
  const rows = []
  for (const [framework, label] of Object.entries(FRAMEWORKS)) {
    const bare = await measureSide(`${framework}/bare`, connections, repeats)
    const gate = await measureSide(`${framework}/gate`, connections, repeats)
    rows.push({
      label,
      'bare, bytes each': bare.open,
      'with the gate': gate.open,
      'the gate keeps': gate.open - bare.open,
      aim: '<= 400',
      'after their end': gate.after - bare.after,
    })
  }
  return [{ title: `Memory, ${connections} open requests (${repeats} times)`, rows }]
}

/** Bytes per connection while they are open, and after they have ended. */
async function measureSide(name, connections, repeats) {
  // Eight connections an account, as the Terms would have it.
  const child = await start('server.mjs', [name, Math.ceil(connections / 8)], ['--expose-gc'])
  const gated = name.endsWith('/gate')
  const each = []
  // The first time is for tables and code that stay, and is not counted.
  for (let repeat = 0; repeat <= repeats; repeat++) each.push(await openAndEnd(child, connections, gated))
  await child.stop()
  const counted = each.slice(1)
  return { open: median(counted.map(({ open }) => open)), after: median(counted.map(({ after }) => after)) }
}

async function openAndEnd(child, connections, gated) {
  const before = await child.ask('heapBytes')
  const { port, keys } = child.facts
  const sockets = []
  for (let index = 0; index < connections; index++) {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    await once(socket, 'connect')
    const key = keys[index % keys.length]
    socket.write(`GET ${HOLD} HTTP/1.1\r\nHost: bench.example\r\nAuthorization: Bearer ${key}\r\n\r\n`)
  }
  await until(async () => (await child.ask(gated ? 'held' : 'open')) === connections)
  const open = await child.ask('heapBytes')
  for (const socket of sockets) socket.destroy()
  await until(async () => (await child.ask('open')) === 0 && (await child.ask('held')) === 0)
  const after = await child.ask('heapBytes')
  return { open: (open - before) / connections, after: (after - before) / connections }
}

async function until(holds) {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('the connections were not all open, or not all over')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
