// A process that writes to a registry until it is told to stop, or is killed, and says what was confirmed. Runs what was built.
import { writeSync } from 'node:fs'
import { sqliteRegistry } from '@api-terms/sqlite'

const { path, driver, name, most = Infinity } = JSON.parse(process.argv[2])
const registry = sqliteRegistry({ path, driver })
const by = name
/** At once, or what was confirmed would die with the process that has not said so yet. */
const say = (confirmed) => writeSync(1, `${JSON.stringify(confirmed)}\n`)

const confirmed = []
registry.onOperation(({ id, operation }) => confirmed.push([id, operation]))
const tell = () => {
  for (const each of confirmed.splice(0)) say(each)
}

say('ready')
for (let serial = 0; serial < most; serial++) {
  const account = `${name}-${process.pid}-${serial}`
  await registry.registerAccount({ id: account, partner: name, by })
  tell()
  // Many rows at once: none of them, or all.
  const clients = Array.from({ length: 8 }, (_, i) => `${account}-${i}`)
  await registry.perform(
    { kind: 'import', accounts: [], clients: clients.map((id) => ({ id, account, credentials: [] })) },
    { by },
  )
  tell()
  const asked = [
    registry.issueKey({ client: clients[0], by }),
    registry.grant({ account, limits: { read: serial }, consentedBy: 'sales', by }),
    registry.updateAccount({ account: 'common', name: account, by }),
    registry.suspend({ partner: name, by }),
    registry.reinstate({ partner: name, by }),
  ]
  await Promise.all(asked)
  tell()
}
await registry.close()
