const { rmSync } = require('node:fs')
const { memoryRegistry } = require('@api-terms/core')
const { sqliteRegistry } = require('@api-terms/sqlite')

const registry = sqliteRegistry({ path: 'cjs.db' })
const registered = (to) => to.registerAccount({ id: 'acme', by: 'test' })
void Promise.all([registered(registry), registered(memoryRegistry())]).then(async ([one, other]) => {
  if (one.id !== other.id) throw new Error('two registries register differently')
  await registry.close()
  for (const name of ['cjs.db', 'cjs.db-wal', 'cjs.db-shm']) rmSync(name, { force: true })
})
