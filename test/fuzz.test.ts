import { expect, test } from 'vitest'
import { runScript } from './script.js'

test(
  'a few thousand malformed and hostile requests neither get through nor break anything',
  { timeout: 120_000 },
  async () => {
    const { code, printed } = await runScript('test/fuzz/main.mjs', ['--requests', '3000'])
    expect(printed).toContain(' 0 faults ')
    expect(code).toBe(0)
  },
)
