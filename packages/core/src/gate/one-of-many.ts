import cluster from 'node:cluster'
import type { ConnectionStore } from '../connections/index.js'
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

/** A worker of node:cluster, or one of several instances under PM2, which says so in the environment, in either of its modes. */
export function isOneOfMany({
  pm_id: pm2,
  instances,
  NODE_APP_INSTANCE: number,
}: NodeJS.ProcessEnv): boolean {
  if (pm2 === undefined || instances === undefined) return cluster.isWorker || Number(number) > 0
  // In its cluster mode a single instance is a worker of node:cluster too. One that was scaled up later keeps the old number of them.
  return Number(instances) !== 1 || Number(number) > 0
}
