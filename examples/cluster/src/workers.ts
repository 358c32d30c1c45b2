import type { DemoKeys } from '@api-terms/example-telephony'
import cluster, { type Address, type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** What a process is told. Keys it needs none: digests will do. */
export interface Task {
  readonly redisUrl: string
  readonly digests: DemoKeys['digests']
  readonly port: number
  readonly host: string
}

/** The processes, all on one port. */
export class Workers {
  /** Port 0 is any free one, but the same for all of them: Node asks the primary, which has it already. */
  readonly #task: Task
  #stopping = false

  constructor(task: Task) {
    this.#task = task
    // By its messages, not by its command line or its environment, which any process of the machine may read.
    cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)), args: [] })
  }

  /** Resolves with where they listen. Rejects where one cannot. */
  async start(count: number): Promise<Address> {
    const first = await this.#begin()
    await Promise.all(Array.from({ length: count - 1 }, () => this.#begin()))
    return first
  }

  /** Each ends what is in progress and frees its slots. */
  async stop(): Promise<void> {
    this.#stopping = true
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
    const ended = workers.map((worker) => once(worker, 'exit'))
    for (const worker of workers) worker.process.kill('SIGTERM')
    await Promise.all(ended)
  }

  async #begin(): Promise<Address> {
    const worker = cluster.fork()
    worker.once('message', () => worker.send(this.#task))
    const ended = once(worker, 'exit')
    const [address] = (await Promise.race([
      once(worker, 'listening'),
      ended.then(() => Promise.reject(new Error('a process ended before it listened'))),
    ])) as [Address]
    void ended.then(() => this.#replace(worker))
    return address
  }

  /** One that died is replaced, however often it takes. */
  async #replace(worker: Worker): Promise<void> {
    if (!this.#stopping) console.error(`process ${worker.process.pid} has ended: another takes its place`)
    while (!this.#stopping) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        return void (await this.#begin())
      } catch {
        // oxlint-disable-next-line no-await-in-loop -- it may need something that is away
        await passed(AGAIN_MS)
      }
    }
  }
}

const AGAIN_MS = 1_000
