export { redisConnections } from './redis-connections.js'
export type { RedisConnectionsOptions, RedisWarning } from './options.js'
export type { RedisClient, SendCommand } from './client.js'
