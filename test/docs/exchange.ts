import { expect } from 'vitest'
import { RawCaller } from '../callers/raw.js'
import { gatherFields } from '../callers/received.js'

// An `http` block: a request, an empty line, and what came back; or, after an `sh` block, only what that printed. `…` stands for
// what differs from run to run; alone on a line among the header fields, for further fields.

interface Message {
  readonly first: string
  readonly fields: readonly (readonly [string, string])[]
  readonly more: boolean
  readonly body: string
}

/** Sends the request of the block, with keys in place of what stands for them, and holds the answer against the one shown. */
export async function exchange(code: string, port: number, secrets: Record<string, string>): Promise<void> {
  const start = code.indexOf('HTTP/1.1 ', code.indexOf('\n'))
  if (start === -1) throw new Error('the block has to show a request and its answer')
  const sent = messageIn(code.slice(0, start).trimEnd())
  const caller = await RawCaller.to(port)
  try {
    const [method = '', target = ''] = sent.first.split(' ')
    const fields = sent.fields.map(([name, value]) => [name, withSecrets(value, secrets)] as const)
    const came = await caller.ask(method, target, fields, sent.body).answer(method)
    compare(messageIn(code.slice(start)), `HTTP/1.1 ${came.status} ${came.message}`, came.fields, came.body)
  } finally {
    caller.socket.destroy()
  }
}

/** Holds what `curl -i` printed against the answer that a block shows. */
export function comparePrinted(code: string, printed: string): void {
  const { first, fields, body } = messageIn(printed.replaceAll('\r\n', '\n'))
  compare(messageIn(code), first, gatherFields(fields.flat()), body)
}

function compare(shown: Message, first: string, came: Record<string, readonly string[]>, body: string): void {
  expect(first).toBe(shown.first)
  const expected: Record<string, unknown[]> = {}
  for (const [name, value] of shown.fields) (expected[name.toLowerCase()] ??= []).push(like(value))
  if (shown.more) for (const [name, lines] of Object.entries(expected)) expect(came[name]).toEqual(lines)
  else expect(came).toEqual(expected)
  if (shown.body.startsWith('{')) expect(JSON.parse(body)).toEqual(membersLike(shown.body))
  else expect(body.trim()).toEqual(like(shown.body))
}

function messageIn(text: string): Message {
  const [head = '', ...rest] = text.split('\n\n')
  const [first = '', ...lines] = head.split('\n')
  const fields = lines
    .filter((line) => line !== '…')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const)
  return { first, fields, more: lines.includes('…'), body: rest.join('\n\n').trim() }
}

function withSecrets(value: string, secrets: Record<string, string>): string {
  return Object.entries(secrets).reduce((text, [shown, secret]) => text.replace(shown, secret), value)
}

function membersLike(body: string): unknown {
  const members = Object.entries(JSON.parse(body) as Record<string, unknown>)
  return Object.fromEntries(
    members.map(([name, value]) => [name, typeof value === 'string' ? like(value) : value]),
  )
}

/** The text itself, or, where it holds `…`, anything that agrees with the rest of it. */
function like(text: string): unknown {
  if (!text.includes('…')) return text
  const escaped = text.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return expect.stringMatching(new RegExp(`^${escaped.join('[^]*')}$`)) as unknown
}
