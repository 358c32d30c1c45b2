import { afterAll, beforeAll, describe } from 'vitest'
import { redisForTests, startServer, valkeyProgram } from '../../../test/redis-server.js'
import { storeContract } from '../../../test/store-contract.js'
import { CLIENTS, type OpenClient } from './clients.js'
import { contractStores } from './store-setting.js'

type Server = Awaited<ReturnType<typeof redisForTests>>

const valkey = valkeyProgram()
if (!valkey) console.info('Valkey is not tested: VALKEY_SERVER names none, and no valkey-server is installed')

const SERVERS: Record<string, () => Promise<Server>> = {
  Redis: redisForTests,
  ...(valkey && { Valkey: () => startServer(valkey) }),
}

describe.each(Object.entries(SERVERS))('in %s', (name, start) => {
  let server: Server
  beforeAll(async () => void (server = await start()))
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

    storeContract(`connections in ${name}`, () => stores.make(open.client))
  })
})
