import { expect, test } from 'vitest'
import { runScript } from './script.js'

interface Round {
  readonly exactAfterMs: number
  readonly most: number
  readonly counted: number
  readonly seen: number
}

/** A second, where the machine has nothing else to do: the median that the long form tells is a third of one. */
const EXACT_AFTER_MS = 3000
/** The limit, and what the parts of those who have not noticed yet leave unseen for a moment. */
const MOST = 9 + 5

test(
  'three processes under load agree again on who is connected soon after Redis, killed, has come back empty',
  { timeout: 120_000 },
  async () => {
    const { code, printed } = await runScript('test/return/main.mjs', ['--rounds', '3'])
    expect({ code, printed }).toMatchObject({ code: 0 })
    const { rounds, faults } = JSON.parse(printed.trim().split('\n').at(-1)!) as {
      rounds: Round[]
      faults: string[]
    }
    expect(faults).toEqual([])
    for (const { exactAfterMs, most, counted, seen } of rounds) {
      expect(exactAfterMs).toBeLessThan(EXACT_AFTER_MS)
      expect(most).toBeLessThanOrEqual(MOST)
      expect(counted).toBe(seen)
    }
  },
)
