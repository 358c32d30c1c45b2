import { expect, test } from 'vitest'
import { runScript } from './script.js'

test(
  'four processes that count in Redis never have more at work than an account may, and as many where they are asked for',
  { timeout: 120_000 },
  async () => {
    const { code, printed } = await runScript('test/soak-redis/main.mjs', ['--short', '--requests', '2000'])
    expect(printed).toContain(' 0 faults ')
    expect(code).toBe(0)
  },
)
