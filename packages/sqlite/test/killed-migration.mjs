// A process that is killed in the middle of a migration. Runs what was built.
import { driverOf } from '../dist/esm/drivers.js'
import { migrate } from '../dist/esm/migrate.js'
import { MIGRATIONS } from '../dist/esm/schema.js'

const { path, driver } = JSON.parse(process.argv[2])
const connection = new (driverOf(driver))(path)
const killed = {
  prepare: (sql) => connection.prepare(sql),
  exec(sql) {
    connection.exec(sql)
    if (sql.includes('half')) process.kill(process.pid, 'SIGKILL')
  },
}
migrate(killed, [
  ...MIGRATIONS,
  'CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT',
  'CREATE TABLE other (id)',
])
