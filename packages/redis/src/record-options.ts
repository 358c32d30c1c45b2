import { OptionsError, type OptionIssue } from '@api-terms/core'
import { connected, type Connected } from './client.js'

interface Given {
  readonly client: unknown
  readonly timeoutMs?: unknown
}

/** What the ledger and usage are told: both keep records, which may take their time. */
export interface RecordOptions {
  readonly connected: Connected
  /** What the names in Redis are, or begin with. */
  readonly named: string
  readonly timeoutMs: number
}

/** @throws OptionsError listing everything that is wrong. */
export function checkRecordOptions(
  options: Given,
  nameOption: string,
  defaultName: string,
  counts: readonly string[],
): RecordOptions {
  const given = (options ?? {}) as unknown as Record<string, unknown>
  const { timeoutMs = 1000, [nameOption]: named = defaultName } = given
  const issues: OptionIssue[] = []
  const mustBe = (path: string, holds: boolean, message: string) => {
    if (!holds) issues.push({ path, message: `must be ${message}` })
  }
  const client = connected(given['client'])
  mustBe(
    'client',
    client !== undefined,
    'a client of redis or ioredis, a cluster of either, or a function that sends a command',
  )
  mustBe(nameOption, typeof named === 'string' && named !== '', 'text, and not empty')
  mustBe(
    'timeoutMs',
    isCount(timeoutMs) && timeoutMs <= 2_147_483_647,
    'a whole number of milliseconds, 1 or more',
  )
  for (const name of counts) mustBe(name, isCount(given[name] ?? 1), 'a whole number, 1 or more')
  const known = ['client', nameOption, 'timeoutMs', ...counts]
  for (const path of Object.keys(given))
    if (!known.includes(path))
      issues.push({ path, message: `is not an option; there are ${known.join(', ')}` })
  if (issues.length > 0 || !client) throw new OptionsError(issues)
  return { connected: client, named: named as string, timeoutMs: timeoutMs as number }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
