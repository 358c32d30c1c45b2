export { readOrWrite } from './classify.js'
export { View, type HeldConnection, type Link } from './connection.js'
export { exhaustedGrounds, type ExhaustedGrounds } from './exhausted.js'
export { createLimitTable, type LimitTable, type LimitsOption } from './limits.js'
export { memoryConnections, type MemoryConnectionsOptions } from './memory-store.js'
export { OpenConnections } from './open-connections.js'
export { connectionsSchema, limitsSchema, type ConnectionsOptions, type WhenStoreFails } from './options.js'
export { beside, rateLimitFields, type RateLimitFields, type ToldLimits } from './rate-limit-fields.js'
export { SteadfastStore, type OutageChange, type SteadfastStoreOptions } from './steadfast-store.js'
export type {
  ConnectionStore,
  CounterName,
  Granted,
  Lease,
  LeaseAnswer,
  LeaseAsk,
  StoreState,
} from './store.js'
