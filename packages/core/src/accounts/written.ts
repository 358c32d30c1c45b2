import { fixedDate } from './fixed-date.js'

/**
 * A record or an entry of the history as JSON. Dates and limits without end, which JSON has not, are written as `{ "$date": … }` and
 * `{ "$number": "Infinity" }`; a name that begins with `$` itself gets another.
 */
export function writtenRecord(record: unknown): string {
  return JSON.stringify(marked(record))
}

/** What {@link writtenRecord} has written, frozen. */
export function readRecord(text: string): unknown {
  return unmarked(JSON.parse(text))
}

function marked(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(marked)
  // No `instanceof`: a Date may come from another realm.
  if (Object.prototype.toString.call(value) === '[object Date]')
    return { $date: (value as Date).toISOString() }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.startsWith('$') ? `$${name}` : name, marked(member)]),
  )
}

function unmarked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(unmarked))
  const { $date, $number } = value as { $date?: string; $number?: string }
  if ($date !== undefined) return fixedDate(Date.parse($date))
  if ($number !== undefined) return Number($number)
  const members = Object.entries(value).map(([name, member]) => [
    name.startsWith('$') ? name.slice(1) : name,
    unmarked(member),
  ])
  return Object.freeze(Object.fromEntries(members))
}
