// Builds gates, alone or in two workers of node:cluster, and prints what each process was warned of.
import cluster from 'node:cluster'
import { createGate, memoryConnections, memoryRegistry } from '@api-terms/core'

if (cluster.isWorker) await report((told) => process.send(told))
else if (process.argv[2] === 'cluster') startWorkers()
else await report((told) => console.log(JSON.stringify([told])))

function startWorkers() {
  const told = []
  for (const worker of [cluster.fork(), cluster.fork()]) worker.on('message', (message) => told.push(message))
  cluster.on('exit', () => {
    if (Object.keys(cluster.workers).length === 0) console.log(JSON.stringify(told))
  })
}

async function report(tell) {
  const codes = []
  process.on('warning', ({ code }) => codes.push(code))
  // A store of the provider's own may count for all processes.
  const own = { acquire() {}, release() {}, setLimit() {}, close: () => Promise.resolve() }
  const gates = [undefined, { store: memoryConnections() }, { store: own }].map((connections) =>
    createGate({
      terms: { url: 'https://provider.example/terms' },
      registry: memoryRegistry(),
      ...(connections && { connections }),
    }),
  )
  const messages = gates.map(() => [])
  for (const [i, gate] of gates.entries())
    gate.on('warning', ({ code, message }) => messages[i].push(`${code}: ${message}`))
  await new Promise((passed) => setTimeout(passed, 50))
  tell({ codes, messages })
  for (const gate of gates) await gate.close()
  process.disconnect?.()
}
