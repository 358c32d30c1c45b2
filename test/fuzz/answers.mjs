// Reads what came back, and says what is wrong with it.
import { TERMS_URL } from './terms.mjs'

const HEAD = /^HTTP\/1\.1 (\d{3}) ?[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/
/** What Node's parser and its timers answer by themselves, before any app. */
const OF_NODE = new Set([400, 408, 413, 417, 431])

/** Express's own, to a target that `url.parse` throws at: it asks no middleware then, and no handler (test/express-unread-targets.test.ts). */
const UNREAD_BY_EXPRESS = /<pre>Cannot [A-Z-]+ resource<\/pre>/
/** The answer to HEAD tells the length of that page alone. What comes from behind a gate links to the Terms. */
const BYTES_UNREAD_HEAD = '147'

/** The answers in a text; `rest` is what is none, or not whole. */
export function readAnswers(text) {
  const answers = []
  let rest = text
  for (;;) {
    const match = HEAD.exec(rest)
    if (!match) return { answers, rest }
    const [head, status, lines] = match
    const fields = fieldsOf(lines)
    const body = bodyOf(rest.slice(head.length), Number(status), fields)
    if (!body) return { answers, rest }
    answers.push({ status: Number(status), fields, body: body.content })
    rest = rest.slice(head.length + body.length)
  }
}

function fieldsOf(lines) {
  const fields = {}
  for (const line of lines.split('\r\n').slice(0, -1)) {
    const colon = line.indexOf(':')
    ;(fields[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim())
  }
  return fields
}

function bodyOf(text, status, fields) {
  // The answer to HEAD has the fields of a body only; no body of ours looks like the next answer.
  if (status < 200 || status === 204 || status === 304 || text === '' || text.startsWith('HTTP/1.1 '))
    return { content: '', length: 0 }
  if (fields['transfer-encoding']) return unchunked(text)
  const length = Number(fields['content-length']?.[0] ?? text.length)
  return text.length < length ? undefined : { content: text.slice(0, length), length }
}

function unchunked(text) {
  let content = ''
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    content += text.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (text.length < at) return undefined
    if (size === 0) return { content, length: at }
  }
}

/** What is wrong with an answer; nothing where it is one of the handler, of Node itself, or a refusal as it should be. */
export function wrongWithAnswer({ status, fields, body }) {
  if (fields['x-reached'] || status === 100) return undefined
  if (fields['content-type']?.[0] === 'application/problem+json')
    return wrongWithRefusal(status, fields, body)
  if (OF_NODE.has(status) && body === '') return undefined
  if (status === 404 && isOfExpress(fields, body)) return undefined
  return `nobody knows where a ${status} comes from: ${JSON.stringify(fields)} ${body.slice(0, 200)}`
}

function isOfExpress(fields, body) {
  if (body !== '') return UNREAD_BY_EXPRESS.test(body)
  return fields['content-length']?.[0] === BYTES_UNREAD_HEAD && !fields.link
}

function wrongWithRefusal(status, fields, body) {
  if (fields['cache-control']?.join() !== 'no-store') return `a ${status} may be kept`
  if (fields.link?.join() !== `<${TERMS_URL}>; rel="terms-of-service"`)
    return `a ${status} has no link to the Terms`
  if (status === 401 && !fields['www-authenticate']) return 'a 401 without a challenge'
  if (status === 405 && !fields.allow) return 'a 405 without Allow'
  if (status === 415 && !fields.accept) return 'a 415 without Accept'
  if (status >= 500 && status !== 501) return `a ${status}: ${body}`
  return body === '' ? undefined : wrongWithProblem(status, body)
}

function wrongWithProblem(status, body) {
  let problem
  try {
    problem = JSON.parse(body)
  } catch {
    return `a refusal that is no JSON: ${body.slice(0, 200)}`
  }
  const { type, reason, instance, terms_version: version } = problem
  if (problem.status !== status) return `a ${status} says that it is ${problem.status}`
  if (type !== `${TERMS_URL}#${reason}` || version !== '2026-01') return `a refusal of type ${type}`
  if (!/^urn:uuid:[\da-f-]{36}$/.test(instance)) return `a refusal with the instance ${instance}`
  if (![problem.title, problem.detail].every((text) => typeof text === 'string' && text.length > 0))
    return `a refusal without words`
  if (status === 501 && reason !== 'method-not-allowed') return `a 501 for ${reason}`
  return undefined
}
