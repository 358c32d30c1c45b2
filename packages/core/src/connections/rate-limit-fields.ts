import { parseList, serializeList, type List } from 'structured-headers'
import { inOnePiece } from '../one-piece.js'

/** Header fields that tell a class's limit and what is left of it. */
export interface RateLimitFields {
  /** The value of `RateLimit-Policy`. */
  policy(limit: number): string
  /** The value of `RateLimit`. */
  state(remaining: number): string
  /** Both as lines of a head. */
  lines(limit: number, remaining: number): string
}

/** Values are written once for each number up to this; beyond, each time. */
const KEPT = 1024

/**
 * draft-ietf-httpapi-ratelimit-headers-11: the only place that knows its syntax, because the draft still moves. Without a
 * window (`w`), since what is counted is what is open now.
 */
export function rateLimitFields(className: string): RateLimitFields {
  const policy = (limit: number) =>
    serializeList([
      [
        className,
        new Map<string, number | string>([
          ['q', limit],
          ['qu', 'concurrent-requests'],
        ]),
      ],
    ])
  const state = (remaining: number) => serializeList([[className, new Map([['r', remaining]])]])
  const policies = kept(policy)
  const states = kept(state)
  const linesOf = (limit: number) =>
    kept((remaining) =>
      inOnePiece(`RateLimit-Policy: ${policies(limit)}\r\nRateLimit: ${states(remaining)}\r\n`),
    )
  let last = { limit: NaN, lines: states }
  return {
    policy: policies,
    state: states,
    lines(limit, remaining) {
      // Most accounts have the same limit.
      if (limit !== last.limit) last = { limit, lines: linesOf(limit) }
      return last.lines(remaining)
    },
  }
}

function kept(write: (count: number) => string): (count: number) => string {
  const values: string[] = []
  return (count) =>
    count < KEPT ? (values[count] ??= write(count)) : write(Math.min(count, LARGEST_INTEGER))
}

/** What an answer tells of limits: the values of `RateLimit-Policy` and `RateLimit`. */
export interface ToldLimits {
  readonly policy: string
  readonly state: string
}

/**
 * Beside what others have told already, a gate before this one or a rate limiter behind it: both fields are lists of policies. Of one name the policy
 * with less left is told. What is no such list is replaced.
 */
export function beside(told: ToldLimits, own: ToldLimits): ToldLimits {
  const [policies, states] = [listOf(told.policy), listOf(told.state)]
  if (!policies || !states) return own
  const [[name, ofState]] = parseList(own.state) as [List[number]]
  const there = states.find(([other]) => other === name)
  if (there && leftOf(there[1]) <= leftOf(ofState)) {
    const isNamed = policies.some(([other]) => other === name)
    return isNamed ? told : { ...told, policy: serializeList([...policies, ...parseList(own.policy)]) }
  }
  const others = (list: List) => list.filter(([other]) => other !== name)
  return {
    policy: serializeList([...others(policies), ...parseList(own.policy)]),
    state: serializeList([...others(states), ...parseList(own.state)]),
  }
}

function leftOf(parameters: List[number][1]): number {
  return Number(parameters.get('r') ?? Infinity)
}

/** `undefined` for what is no list of texts. */
function listOf(value: string): List | undefined {
  try {
    const list = parseList(value)
    return list.every(([name]) => typeof name === 'string') ? list : undefined
  } catch {
    return undefined
  }
}

/** RFC 9651 §3.3.1: the largest integer of a structured field, fifteen digits. */
const LARGEST_INTEGER = 999_999_999_999_999
