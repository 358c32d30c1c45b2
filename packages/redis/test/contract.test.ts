import { afterAll, beforeAll, describe } from 'vitest'
import { redisForTests } from '../../../test/redis-server.js'
import { storeContract } from '../../../test/store-contract.js'
import { CLIENTS, type OpenClient } from './clients.js'
import { contractStores } from './store-setting.js'

let server: Awaited<ReturnType<typeof redisForTests>>
beforeAll(async () => void (server = await redisForTests()))
afterAll(() => server.stop())

// Each store has names of its own, and the contract mostly waits.
describe.concurrent.each(Object.entries(CLIENTS))('over %s', (_, connect) => {
  const stores = contractStores()
  let open: OpenClient
  beforeAll(async () => void (open = await connect(server.url)))
  afterAll(async () => {
    await stores.close()
    await open.close()
  })

  storeContract('connections in Redis', () => stores.make(open.client))
})
