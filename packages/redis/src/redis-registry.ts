import { accountRegistry, type AccountRegistry } from '@api-terms/core'
import { checkRegistryOptions, type RedisRegistryOptions } from './registry-options.js'
import { RedisStorage } from './registry-storage.js'

/**
 * A registry whose records and history are in Redis or Valkey, shared by every process that uses the same `prefix` there. Operations of
 * all of them are done one after the other, each whole or not at all, and heard of by all within a second.
 *
 * Where Redis fails, everything rejects with a `StoreError`; that of an operation says by `outcome` whether it may have taken place.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisRegistry(options: RedisRegistryOptions): AccountRegistry {
  const checked = checkRegistryOptions(options)
  return accountRegistry(new RedisStorage(checked), checked.clock)
}
