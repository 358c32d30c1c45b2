import { MOST_SECONDS } from './names.js'

/**
 * The lifetime that an Expires field gives, in whole seconds: of several the shortest, and 0 for what is past or no date
 * (RFC 9111 §5.3). Dates of the obsolete forms count as none, which can only shorten.
 */
export function lifetimeOfExpires(expires: readonly string[], date: string | undefined, now: number): number {
  const start = parseDate(date) ?? now
  const lifetimes = expires.map((end) => Math.floor(((parseDate(end) ?? start) - start) / 1000))
  return Math.min(MOST_SECONDS, Math.max(0, Math.min(...lifetimes)))
}

function parseDate(value: string | undefined): number | undefined {
  if (value === undefined || !IMF_FIXDATE.test(value)) return undefined
  const time = Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
