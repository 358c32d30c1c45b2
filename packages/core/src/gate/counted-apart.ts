import type { ConnectionStore } from '../connections/index.js'
import type { Registry } from '../registry.js'
import type { Reports } from './reports.js'

const MESSAGE =
  'another gate of this API has the same registry, and each counts for itself: together they admit twice the limit. ' +
  'Build one gate with createGate, and give it to each apiTerms and guardUpgrades'

/** How many open gates of each API count the accounts of a registry in memory of their own; two loaded copies of this package have one table. */
const GATES = Symbol.for('api-terms.gates-apart')

function gatesOver(registry: Registry): Map<string, number> {
  const home = globalThis as { [GATES]?: WeakMap<Registry, Map<string, number>> }
  const all = (home[GATES] ??= new WeakMap())
  let gates = all.get(registry)
  if (!gates) all.set(registry, (gates = new Map<string, number>()))
  return gates
}

/** Warns where two gates of one process count the same accounts on one API apart. Returns what is to be called as the gate closes. */
export function warnIfCountedApart(
  api: string,
  registry: Registry,
  store: ConnectionStore | undefined,
  reports: Reports,
): () => void {
  if (store) return () => {}
  const gates = gatesOver(registry)
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
