import { request, type Agent } from 'node:http'
import type { Caller } from './accounts.js'

export interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

export interface Question {
  readonly caller: Caller
  readonly target: string
  readonly method?: string
  readonly fields?: Readonly<Record<string, string>>
}

/** Asks someone, whether the server itself or a cache before it. */
export type Ask = (question: Question) => Promise<Answer>

/** Over connections that all callers share, as they do behind a proxy. */
export function askingAt(place: { port: number } | { socketPath: string }, agent: Agent): Ask {
  return ({ caller, target, method = 'GET', fields }) =>
    new Promise((resolve, reject) => {
      const headers = { Host: 'api.example', ...caller.fields, ...fields }
      const asked = request({ ...place, host: '127.0.0.1', path: target, method, headers, agent }, (res) => {
        let body = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => (body += chunk))
        res.on('end', () => resolve({ status: res.statusCode!, fields: res.headers, body }))
        res.on('error', reject)
      })
      asked.on('error', reject)
      asked.end()
    })
}

/** What of an answer was made for another account than the caller's: nothing, wherever in it one looks. */
function foreignTags({ fields, body }: Answer, { account }: Caller): string[] {
  const tags = [...`${JSON.stringify(fields)} ${body}`.matchAll(/made-for-([a-z]+)-\d+/g)]
  return tags.filter(([, madeFor]) => madeFor !== account).map(([tag]) => tag)
}

/** Whether the cache answered from what it holds; both caches are told to say so. */
export function isFromCache({ fields }: Answer): boolean {
  return fields['x-cache-status'] !== undefined
    ? /^(?:HIT|STALE|UPDATING|REVALIDATED)$/.test(String(fields['x-cache-status']))
    : fields.age !== undefined
}

/**
 * What is wrong with an answer: something of another account's, anything at all for who is refused, or a copy where none may
 * be kept. One sentence each.
 */
export function faultsOf(answer: Answer, question: Question, mayBeKept: boolean): string[] {
  const { caller, target, method = 'GET' } = question
  const told = `${method} ${target} for ${caller.name}`
  const faults = foreignTags(answer, caller).map((tag) => `${told} brought what was ${tag}`)
  const asExpected = caller.status === undefined || caller.status === answer.status
  if (!asExpected) faults.push(`${told} came with ${answer.status}`)
  if (isFromCache(answer) && !(mayBeKept && answer.status < 400)) faults.push(`${told} came from the cache`)
  return faults
}

/** All of them, some at a time, in no order that could be told. */
export async function askAll<One>(
  ones: readonly One[],
  atOnce: number,
  use: (one: One) => Promise<void>,
): Promise<void> {
  const left = ones.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const one of left) await use(one)
    }),
  )
}
