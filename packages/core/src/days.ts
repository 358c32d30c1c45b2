export const DAY_MS = 86_400_000

/** A day of UTC: how many there have been since 1970. */
export function dayOf(now: number): number {
  return Math.floor(now / DAY_MS)
}

/** `2026-01-31`. */
export function writtenDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** A day that there is: the engine reads 2026-02-30 as the second of March. */
export function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const moment = Date.parse(value)
  return !Number.isNaN(moment) && writtenDay(dayOf(moment)) === value
}
