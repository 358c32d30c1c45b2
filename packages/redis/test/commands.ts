import type { RedisClientType } from 'redis'

/** How often Redis has run each command since it was last asked to forget. What scripts do inside counts too. */
export async function commandsRun(client: Pick<RedisClientType, 'info'>): Promise<Record<string, number>> {
  const lines = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return Object.fromEntries([...lines].map(([, name = '', calls]) => [name, Number(calls)]))
}
