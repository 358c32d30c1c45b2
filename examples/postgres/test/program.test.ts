import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('The program in front of PostgreSQL says in a line that it is not told of a database', () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [main], { env: {}, encoding: 'utf8' })
  expect(stderr).toBe('DATABASE_URL is missing: postgres://user@host/database\n')
  expect(status).toBe(1)
})
