import { expect, test } from 'vitest'
import { accountRegistry, type Clock, type RegistryChange, type RegistryStorage } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { registryContract, type RegistryUnderTest } from '../../../test/registry-contract.js'
import { registryProperty } from '../../../test/registry-property.js'
import { FetchingStorage, SharedRecords } from './fetching-storage.js'

// A storage in the way of a database: it waits, fetches only what it is told to, and commits if nobody was faster.

const opened = (clock: Clock, shared = new SharedRecords()): RegistryUnderTest => ({
  registry: accountRegistry(new FetchingStorage(shared), { clock }),
  another: accountRegistry(new FetchingStorage(shared), { clock }),
  settle: () => settled(2),
})

registryContract('two registries over one storage that has to wait', (clock) => opened(clock))
registryProperty('a storage that fetches what an operation needs', (clock) => opened(clock), 30)

test('processes that are in each other’s way decide again, and lose nothing', async () => {
  const shared = new SharedRecords()
  const { registry, another } = opened({ now: () => 0 }, shared)
  const by = 'ops'
  await registry.registerAccount({ id: 'acme', by })
  const granted = [registry, another!, registry, another!].map((each) =>
    each.grant({ account: 'acme', limits: { read: 1 }, consentedBy: 'sales', by }),
  )
  await Promise.all(granted)
  expect((await registry.account('acme'))?.grants).toHaveLength(4)
  expect(shared.conflicts).toBeGreaterThan(0)
})

test('a storage that tells every process lets the gate know that it does', async () => {
  const { registry } = opened({ now: () => 0 })
  const heard: RegistryChange[] = []
  registry.onChange((change) => heard.push(change))
  await registry.registerAccount({ id: 'acme', by: 'ops' })
  await settled(2)
  expect(heard).not.toEqual([])
  expect(heard.filter(({ everywhere }) => !everywhere)).toEqual([])
})

test('what a storage fails with is what the operation fails with, and nobody is told of it', async () => {
  const failing = Object.assign(new FetchingStorage(new SharedRecords()), {
    commit: () => Promise.reject(new Error('disk full')),
  }) as RegistryStorage
  const registry = accountRegistry(failing)
  const heard: unknown[] = []
  registry.onChange((change) => heard.push(change))
  await expect(registry.registerAccount({ by: 'ops' })).rejects.toThrow('disk full')
  expect(heard).toEqual([])
})
