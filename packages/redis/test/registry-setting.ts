import { setTimeout as passed } from 'node:timers/promises'
import type { Clock } from '@api-terms/core'
import { redisRegistry, type RedisClient } from '@api-terms/redis'
import type { RegistryUnderTest } from '../../../test/registry-contract.js'
import { freshPrefix } from './store-setting.js'

/** Two registries over the same records, as two processes have them. */
export function registriesOver(client: RedisClient, clock: Clock, prefix = freshPrefix()): RegistryUnderTest {
  const options = { client, clock, prefix, timeoutMs: 5000 }
  return {
    registry: redisRegistry(options),
    another: redisRegistry(options),
    settle: typeof client === 'function' ? () => turns(LOOK_MS) : () => turns(HEARD_MS),
  }
}

/** Longer than a message and a look at the history take. */
const HEARD_MS = 100
/** Longer than it takes until a registry without messages looks by itself. */
const LOOK_MS = 350

/** In several turns of the event loop, however long each has to wait for a busy machine. */
async function turns(ms: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let turn = 0; turn < 5; turn++) await passed(ms / 5)
}
