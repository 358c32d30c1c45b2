import cluster from 'node:cluster'
import type { ConnectionStore } from './connections/index.js'
import type { Reports } from './reports.js'

const MESSAGE =
  'this process is one of several, and connections are counted in its memory: together they admit as many times the limit. ' +
  'Give connections.store of @api-terms/redis, which counts for all of them'

/** Two copies of this package in a process warn once together. */
const WARNED = Symbol.for('api-terms.memory-store-in-cluster')

/** Warns where several processes would each count for themselves: the gate by its event, the process once by a warning of Node. */
export function warnIfOneOfMany(store: ConnectionStore | undefined, reports: Reports): void {
  if ((store && !store.oneProcess) || !isOneOfMany(process.env)) return
  // When whoever builds the gate has put its listeners on.
  setImmediate(() => reports.warn('memory-store-in-cluster', MESSAGE))
  const told = process as unknown as Record<symbol, boolean>
  if (told[WARNED]) return
  told[WARNED] = true
  process.emitWarning(`api-terms: ${MESSAGE}`, { type: 'ApiTermsWarning', code: 'API_TERMS_MEMORY_STORE' })
}

/** A worker of node:cluster, or one of several instances under PM2, which leaves what it was told in the environment. */
function isOneOfMany(env: NodeJS.ProcessEnv): boolean {
  if (env['pm_id'] === undefined) return cluster.isWorker
  const { instances, NODE_APP_INSTANCE: number } = env
  // PM2's cluster mode with one instance has node:cluster's workers too.
  return (
    Number(number) > 0 ||
    (Number(instances) !== 1 && (env['exec_mode'] === 'cluster_mode' || cluster.isWorker))
  )
}
