// What a provider does at run time, again and again: other limits, suspensions, revocations, forced ends.
import { setTimeout as sleep } from 'node:timers/promises'
import { LIMITS } from './accounts.mjs'

const OTHER_LIMITS = [{ read: 3, write: 2 }, { read: 20, write: 3 }, { read: 0, write: 0 }, { write: 5 }]

/** Begins; returns what ends it, with everything as it was at first. */
export function disturb(provider) {
  const stop = new AbortController()
  const done = (async () => {
    while (!stop.signal.aborted) {
      await sleep(provider.random.whole(5, 60))
      await DISTURBANCES[provider.random.weighted(WEIGHTS)](provider)
      await compare(provider)
    }
  })()
  return async () => {
    stop.abort()
    await done
  }
}

const WEIGHTS = { nothing: 12, limits: 3, suspend: 1, suspendClient: 1, revoke: 1, end: 2 }

const DISTURBANCES = {
  nothing: async () => {},

  async limits({ gate, standing, random }) {
    await setLimits(gate, standing, random.of(OTHER_LIMITS))
    await sleep(random.whole(1, 80))
    await setLimits(gate, standing, LIMITS)
  },

  async suspend({ registry, records, standing, random }) {
    const { id } = random.of(records.accounts)
    const account = registry.account(id)
    await shutOut(standing, id, random, {
      change: () => registry.setAccount({ ...account, status: 'suspended' }),
      restore: () => registry.setAccount(account),
    })
  },

  async suspendClient({ registry, records, standing, random }) {
    const { id } = random.of(records.clients)
    const client = registry.client(id)
    await shutOut(standing, id, random, {
      change: () => registry.setClient({ ...client, status: 'suspended' }),
      restore: () => registry.setClient(client),
    })
  },

  async revoke({ registry, records, standing, random }) {
    const { id } = random.of(records.clients)
    const client = registry.client(id)
    const credentials = client.credentials.map((credential) => ({ ...credential, revokedAt: new Date(0) }))
    await shutOut(standing, id, random, {
      change: () => registry.setClient({ ...client, credentials }),
      restore: () => registry.setClient(client),
    })
  },

  async end({ gate, records, random }) {
    const { id: account } = random.of(records.accounts)
    const { id: client } = random.of(records.clients)
    const open = await gate.connections()
    const filters = [{ account }, { client }, ...(open.length > 0 ? [{ id: random.of(open).id }] : [])]
    await gate.end(random.of(filters), 'ended by the operator')
  },
}

function setLimits(gate, standing, limits) {
  standing.limit(limits)
  return gate.setLimits(limits)
}

async function shutOut(standing, name, random, { change, restore }) {
  const changed = change()
  standing.shutOut(name)
  await changed
  await sleep(random.whole(5, 60))
  standing.letIn(name)
  await restore()
}

/** Between two turns gate and handlers must agree on what is open, each by its own means. */
async function compare({ gate, census }) {
  await new Promise((resolve) => setImmediate(resolve))
  const handlers = census.open()
  const listed = gate.connections()
  const held = new Set((await listed).map(({ id }) => id))
  for (const id of handlers)
    if (!held.has(id)) census.fault(`${id} is at work, but the gate has let go of it`)
  for (const id of held) if (!handlers.has(id)) census.fault(`the gate holds ${id}, whose handler is done`)
}
