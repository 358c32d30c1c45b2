import type { Ground } from '../refusal.js'

const DETAILS = {
  'many-networks': [
    'sharing-suspected',
    'The credential is used from more networks than one client has. If it has leaked, have it replaced; if this is in order, tell the provider.',
  ],
  'many-ids': [
    'scraping-suspected',
    'More of this content was asked for than its use needs. Content must not be collected; if this is in order, tell the provider.',
  ],
  'often-at-limit': [
    'circumvention-suspected',
    'The limit was met too often. Keep to it, and wait before you try again; if you need more, ask the provider.',
  ],
} as const

/** How a sign is refused. The time is that of the whole ban: what is left of it would have to be told to each anew. */
export function groundsFor(sign: keyof typeof DETAILS, refuseMs: number): Ground {
  const [reason, detail] = DETAILS[sign]
  const seconds = String(Math.max(1, Math.ceil(refuseMs / 1000)))
  return Object.freeze({ reason, detail, headers: Object.freeze({ 'Retry-After': seconds }) })
}
