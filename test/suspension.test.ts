import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisForTests } from './redis-server.js'
import { runScript } from './script.js'

// Beside other tests the machine may be late by more than all of this takes; the long form holds the second.
const SHORT = ['--runs', '5', '--bound', '2000']

let redis: Awaited<ReturnType<typeof redisForTests>>
beforeAll(async () => void (redis = await redisForTests()))
afterAll(() => redis.stop())

test(
  'an account that is suspended in one of four processes has nothing open and gets nothing more in any of them (clause 3(a))',
  { timeout: 120_000 },
  async () => {
    const { code, printed } = await runScript('test/suspension/main.mjs', [...SHORT, '--redis', redis.url])
    expect(printed).toContain('5 runs, 4 processes')
    expect(printed).toContain(' 0 faults')
    expect(code).toBe(0)
  },
)
