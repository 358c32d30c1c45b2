import { expect, test } from 'vitest'
import { runScript } from './script.js'

test(
  'a few thousand requests that end in all the ways there are leave nothing behind',
  { timeout: 120_000 },
  async () => {
    const { code, printed } = await runScript('test/soak/main.mjs', [
      '--requests',
      '3000',
      '--together',
      '--short',
    ])
    expect(printed).toContain(' 0 faults ')
    expect(code).toBe(0)
  },
)
