import { isDay } from '../days.js'
import type { OptionsError } from '../errors.js'
import type { Gate } from '../gate.js'
import type { Inquiry } from '../inquiry.js'
import { problem, type JsonAnswer } from './terms-answer.js'

const DAYS = ['from', 'to'] as const

type Days = { [name in (typeof DAYS)[number]]?: string }

/** Where usage is looked up: `createUsage()`, or an object of the provider's own. */
export interface UsageSource {
  of(query: {
    readonly api: string
    readonly account: string
    readonly from?: string
    readonly to?: string
  }): Promise<unknown>
}

/** `GET /usage`: what the account used, on the days that the query names. */
export async function toldUsage(
  usage: UsageSource,
  gate: Gate,
  { account }: Inquiry,
  query: string,
): Promise<JsonAnswer> {
  const days = readDays(new URLSearchParams(query))
  if (typeof days === 'string') return problem(400, days)
  try {
    return { status: 200, json: { usage: await usage.of({ api: gate.api, account: account.id, ...days }) } }
  } catch (cause) {
    const mistake = mistakeInDays(cause)
    if (mistake !== undefined) return problem(400, mistake)
    gate.warn('option-failed', 'usage could not be looked up', cause)
    return problem(503, 'The usage could not be looked up. Try again in a moment.')
  }
}

/** The days, or what is wrong with them. */
function readDays(asked: URLSearchParams): Days | string {
  const days: Days = {}
  for (const name of DAYS) {
    const day = asked.get(name)
    if (day === null) continue
    if (!isDay(day)) return `Send ${name} as a day, such as 2026-01-31.`
    days[name] = day
  }
  return days
}

/** What a source says against the days alone is the caller's mistake: all else that it was asked with is the router's. */
function mistakeInDays(cause: unknown): string | undefined {
  const { code, issues = [] } = (cause ?? {}) as Partial<OptionsError>
  const isOfDays = issues.length > 0 && issues.every(({ path }) => DAYS.includes(path as never))
  if (code !== 'API_TERMS_OPTIONS' || !isOfDays) return undefined
  return `Send other days: ${issues.map(({ path, message }) => `${path} ${message}`).join('; ')}.`
}
