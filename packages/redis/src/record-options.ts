import type { Connected } from './client.js'
import { OptionCheck } from './option-check.js'

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
  const check = new OptionCheck(options)
  check.mustBe(nameOption, typeof named === 'string' && named !== '', 'text, and not empty')
  check.mustBeDuration('timeoutMs', timeoutMs)
  for (const name of counts) check.mustBe(name, isCount(given[name] ?? 1), 'a whole number, 1 or more')
  const client = check.clientOf(['client', nameOption, 'timeoutMs', ...counts])
  return { connected: client, named: named as string, timeoutMs: timeoutMs as number }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
