import { likelyName } from '../likely-name.js'
import { DIRECTIVE_NAMES, FLAGS_BY_NAME, MOST_SECONDS, SECONDS_BY_NAME, VISIBILITIES } from './names.js'

/** One thing wrong with a policy. */
export interface PolicyFault {
  /** The member of the policy object. Absent: the policy as a whole. */
  readonly member?: string
  /** What is wrong, and what to write instead. */
  readonly message: string
}

export const SECONDS_REMEDY = `a whole number of seconds, 0 to ${MOST_SECONDS}`

export function isSeconds(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_SECONDS
}

/** What is wrong with a policy written as a Cache-Control value. Strict, since the provider can mend it. */
export function faultsOfText(text: string): PolicyFault[] {
  if (text.trim() === '') {
    return [{ message: "says nothing; write 'no-store', or say how long the answer may be kept" }]
  }
  const messages: string[] = []
  const said = new Set<string>()
  for (const member of text.split(',')) {
    const equals = member.indexOf('=')
    const name = (equals === -1 ? member : member.slice(0, equals)).trim()
    const directive = name.toLowerCase()
    const fault = faultOfDirective(
      name,
      directive,
      equals === -1 ? undefined : member.slice(equals + 1).trim(),
    )
    if (fault) messages.push(fault)
    else if (said.has(directive)) messages.push(`says ${directive} more than once; say it once`)
    said.add(directive)
  }
  return (messages.length > 0 ? messages : contradictions(said)).map((message) => ({ message }))
}

function faultOfDirective(name: string, directive: string, value: string | undefined): string | undefined {
  if (name === '') return 'has a comma too many'
  if (SECONDS_BY_NAME.has(directive)) {
    const fits = value !== undefined && /^\d+$/.test(value) && isSeconds(Number(value))
    return fits ? undefined : `must give ${directive} ${SECONDS_REMEDY}, unquoted`
  }
  if (!VISIBILITIES.has(directive) && !FLAGS_BY_NAME.has(directive)) {
    return `holds "${name}", which is no directive of an answer; ${likelyName(name, DIRECTIVE_NAMES)}`
  }
  return value === undefined ? undefined : `must say ${directive} without a value`
}

/** Pairs of which the one takes back the other. */
function contradictions(said: ReadonlySet<string>): string[] {
  if (said.has('no-store')) {
    const idle = [...said].filter((name) => name !== 'no-store' && name !== 'no-transform')
    return idle.map((name) => `says no-store and ${name}; what is not stored needs only no-store`)
  }
  const messages: string[] = []
  if (said.has('public') && said.has('private')) messages.push('says public and private; choose one')
  if (said.has('s-maxage') && !said.has('public')) {
    messages.push(
      'says s-maxage, which lets shared caches keep the answer (RFC 9111 §3.5); add public or leave it out',
    )
  }
  if (said.has('immutable') && !said.has('max-age')) {
    messages.push('says immutable, which holds only while the answer is fresh (RFC 8246 §2); add max-age')
  }
  for (const stale of ['stale-while-revalidate', 'stale-if-error'].filter((name) => said.has(name))) {
    for (const never of NEVER_STALE.filter((name) => said.has(name))) {
      messages.push(
        `says ${stale} and ${never}, which forbids stale answers (RFC 9111 §4.2.4); leave one out`,
      )
    }
  }
  return messages
}

const NEVER_STALE = ['s-maxage', 'must-revalidate', 'proxy-revalidate', 'no-cache']
