import type { ConnectionStore } from '../connections/index.js'
import type { Registry } from '../registry.js'
import type { Reports } from './reports.js'

const MESSAGE =
  'another gate of this API has the same registry, and each counts for itself: together they admit twice the limit. ' +
  'Build one gate with createGate, and give it to each apiTerms and guardUpgrades'

/** On a registry: how many open gates of each API count in memory of their own. */
const GATES = Symbol.for('api-terms.gates-apart')

interface Asked extends Registry {
  [GATES]?: Map<string, number>
}

/** Warns where two gates of one process count the same accounts on one API apart. Returns what is to be called as the gate closes. */
export function warnIfCountedApart(
  api: string,
  registry: Asked,
  store: ConnectionStore | undefined,
  reports: Reports,
): () => void {
  if (store || !Object.isExtensible(registry)) return () => {}
  if (!registry[GATES]) Object.defineProperty(registry, GATES, { value: new Map() })
  const gates = registry[GATES]!
  const before = gates.get(api) ?? 0
  gates.set(api, before + 1)
  // When whoever builds the gate has put its listeners on.
  if (before > 0) setImmediate(() => reports.warn('api-in-two-gates', MESSAGE))
  return () => {
    const left = gates.get(api)! - 1
    if (left > 0) gates.set(api, left)
    else gates.delete(api)
  }
}
