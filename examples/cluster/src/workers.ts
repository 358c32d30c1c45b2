import { CannotStart, type DemoKeys } from '@api-terms/example-telephony'
import cluster, { type Worker } from 'node:cluster'
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

/** What a process tells as it begins. */
export interface Begun {
  readonly url: string
  /** How its gate meets each clause of the Terms. */
  readonly coverage: string
}

/** Why one cannot begin. */
export interface NotBegun {
  readonly cannot: string
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

  /** Resolves with what the first tells: it holds for all. Rejects where one cannot listen. */
  async start(count: number): Promise<Begun> {
    const first = await this.#begin()
    await Promise.all(Array.from({ length: count - 1 }, () => this.#begin()))
    return first
  }

  /** Each ends what is in progress and frees its slots. */
  async stop(): Promise<void> {
    this.#stopping = true
    const workers = Object.values(cluster.workers ?? {})
      .filter((worker) => worker !== undefined)
      // Of one that has ended already no end would be heard.
      .filter((worker) => !worker.isDead())
    const ended = workers.map((worker) => once(worker, 'exit'))
    for (const worker of workers) worker.process.kill('SIGTERM')
    await Promise.all(ended)
  }

  async #begin(): Promise<Begun> {
    if (this.#stopping) throw new Error('the processes are ending')
    const worker = cluster.fork()
    const ended = once(worker, 'exit')
    const gone = ended.then(() => {
      throw new CannotStart('a process has ended before it listened')
    })
    const told = async () => (await Promise.race([once(worker, 'message'), gone]))[0] as unknown
    // That it is ready, and then how it went.
    await told()
    // Where it cannot be told any more it has ended, and that is heard of.
    worker.send(this.#task, () => undefined)
    const begun = (await told()) as Begun | NotBegun
    if ('cannot' in begun) {
      worker.process.kill()
      throw new CannotStart(begun.cannot)
    }
    void ended.then(() => this.#replace(worker))
    return begun
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
