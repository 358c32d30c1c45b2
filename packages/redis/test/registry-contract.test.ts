import { afterAll, beforeAll, describe } from 'vitest'
import { redisForTests } from '../../../test/redis-server.js'
import { registryContract } from '../../../test/registry-contract.js'
import { registryProperty } from '../../../test/registry-property.js'
import { CLIENTS, type OpenClient } from './clients.js'
import { registriesOver } from './registry-setting.js'

let server: Awaited<ReturnType<typeof redisForTests>>
beforeAll(async () => void (server = await redisForTests()))
afterAll(() => server.stop())

// The other clients differ in how they send a command, which the contract of the connections shows.
describe.each(['redis 6', 'ioredis 6', 'a function that sends a command'])('over %s', (name) => {
  let open: OpenClient
  beforeAll(async () => void (open = await CLIENTS[name]!(server.url)))
  afterAll(() => open.close())

  registryContract('a registry in Redis', (clock) => registriesOver(open.client, clock))
  if (name === 'ioredis 6')
    registryProperty('a registry in Redis', (clock) => registriesOver(open.client, clock), 25)
})
