// Child processes that answer questions, none of which outlives the benchmark.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const START_MS = 120_000
const running = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/** Starts a script of this folder; resolves once it has said that it is ready, with what it said. */
export async function start(script, args, execArgv = []) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args.map(String), {
    execArgv: [...execArgv, ...(process.env.BENCH_EXEC_ARGV?.split(' ') ?? [])],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  running.add(child)
  const waiting = new Map()
  const { promise: started, resolve, reject } = withResolvers()
  const timer = setTimeout(() => reject(new Error(`${script} ${args[0]} did not start`)), START_MS)
  child.on('message', ({ ready, id, answer }) => {
    if (ready) return resolve(ready)
    waiting.get(id)?.resolve(answer)
    waiting.delete(id)
  })
  child.on('exit', (code, signal) => {
    running.delete(child)
    const ended = new Error(`${script} ${args[0]} ended with ${code ?? signal}`)
    reject(ended)
    for (const question of waiting.values()) question.reject(ended)
  })
  try {
    return new Child(child, waiting, await started)
  } finally {
    clearTimeout(timer)
  }
}

class Child {
  #process
  #waiting
  #questions = 0

  constructor(process, waiting, facts) {
    this.#process = process
    this.#waiting = waiting
    this.facts = facts
  }

  ask(question) {
    const id = ++this.#questions
    const asked = withResolvers()
    this.#waiting.set(id, asked)
    this.#process.send({ id, question })
    return asked.promise
  }

  stop() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.disconnect()
    return ended
  }
}

function withResolvers() {
  const deferred = {}
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }))
  return deferred
}
