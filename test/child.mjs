// A server in a process of its own, which answers questions about itself. None outlives its parent.
import { fork } from 'node:child_process'

const START_MS = 90_000
const running = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

export class Child {
  #process
  #waiting = new Map()
  #questions = 0
  #ready = withResolvers()
  /** Everything it printed. */
  printed = ''

  constructor(path, args, flags = []) {
    this.#process = fork(path, args.map(String), {
      execArgv: ['--expose-gc', ...flags],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    running.add(this.#process)
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.printed += text))
    }
    this.#process.on('message', ({ ready, id, answer }) => {
      if (ready) return this.#ready.resolve(ready)
      this.#waiting.get(id)?.resolve(answer)
      this.#waiting.delete(id)
    })
    this.#process.on('exit', (code, signal) => this.#ended(code ?? signal))
  }

  /** What it said when it was ready. */
  async ready() {
    const timer = setTimeout(() => this.#ended('no sign of life'), START_MS)
    try {
      return await this.#ready.promise
    } finally {
      clearTimeout(timer)
    }
  }

  ask(question, ...args) {
    const id = ++this.#questions
    const asked = withResolvers()
    this.#waiting.set(id, asked)
    this.#process.send({ id, question, args })
    return asked.promise
  }

  get pid() {
    return this.#process.pid
  }

  signal(name) {
    this.#process.kill(name)
  }

  /** Lets it end; it must do so by itself, since nothing may keep it alive. */
  stop() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.disconnect()
    return ended
  }

  #ended(how) {
    running.delete(this.#process)
    const error = new Error(`the server ended with ${how}\n${this.printed}`)
    this.#ready.reject(error)
    this.#ready.promise.catch(() => {})
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** Answers the parent's questions; says that it is ready. */
export function answerParent(answers, ready) {
  process.on('message', ({ id, question, args }) => {
    void Promise.resolve(answers[question](...args)).then((answer) => process.send?.({ id, answer }))
  })
  process.send({ ready })
}

/** `Promise.withResolvers` is not in Node 20. */
export function withResolvers() {
  const deferred = {}
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }))
  return deferred
}
