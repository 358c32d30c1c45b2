import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

interface Home {
  readonly process: string
  /** How many there are of each kind. */
  readonly counts: Map<string, number>
}

/** A symbol of the whole process, so that two loaded copies of this package find the same one. */
const HOME = Symbol.for('api-terms.process-names')

function home(): Home {
  const all = globalThis as { [HOME]?: Home }
  return (all[HOME] ??= { process: recognisable(), counts: new Map() })
}

/** Names this process. */
export function nameOfProcess(): string {
  return home().process
}

/** Names one thing of a kind so that no other of that kind has its name, in any process: the first has that of the process, the second `.2` behind it. */
export function nameInProcess(kind: string): string {
  const { process, counts } = home()
  const count = (counts.get(kind) ?? 0) + 1
  counts.set(kind, count)
  return count === 1 ? process : `${process}.${count}`
}

/** An operator knows host and number. The random part tells containers apart, where each process has the number 1. */
function recognisable(): string {
  const host =
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64) || 'host'
  return `${host}:${process.pid}:${randomBytes(6).toString('base64url')}`
}
