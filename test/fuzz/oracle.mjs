// What a handler can see by itself of a request that should not have reached it. Written without the code that it judges.

const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE'])
const PATH = /^(?:http:\/\/fuzz\.test)?\/v1\/(?:extensions(?:\/[^/;\\]+)?|calls(?:\/[^/;\\]+)?|realtime)\/?$/i
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** Why this request should not be here; nothing where it may. */
export function wrongWith(req, target, keys) {
  const values = req.rawHeaders.filter((_, index) => index % 2 === 1)
  const lines = (name) =>
    req.rawHeaders.filter((each, index) => index % 2 === 0 && each.toLowerCase() === name).length
  if (!values.some((value) => holdsKey(value, keys))) return 'without a key'
  if (!METHODS.has(req.method)) return 'by a method that is not documented'
  const [path, query = ''] = split(target)
  if (!PATH.test(path) || /%(?:2f|5c|2e|00|0a|0d|25\d\d)/i.test(path))
    return 'by a path that is not documented'
  if (keys.some((key) => decoded(query).includes(key))) return 'with a key in its target'
  if (OVERRIDES.some((name) => req.headers[name] !== undefined)) return 'with its method overridden'
  if (/(?:^|[&;])_method=/i.test(decoded(query))) return 'with its method overridden in the query'
  if (lines('host') > 1) return 'with two hosts'
  if (lines('authorization') + lines('x-api-key') > 1) return 'with two credentials'
  if (hasBody(req) && !isJson(req.headers['content-type'])) return 'with another type of body'
  if (hasBody(req) && lines('content-type') > 1) return 'with two types of body'
  if (req.method === 'POST' && /^\/v1\/calls\/./i.test(path)) return 'although it is blocked'
  return undefined
}

/** A text with its percent-encoding undone, whatever it stands for. */
export function decoded(text) {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, octet) => String.fromCharCode(Number.parseInt(octet, 16)))
}

function holdsKey(value, keys) {
  const words = value.split(' ')
  const pair = Buffer.from(words.at(-1), 'base64').toString('latin1')
  return keys.some((key) => words.at(-1) === key || pair.endsWith(`:${key}`))
}

function split(target) {
  const question = target.indexOf('?')
  return question === -1 ? [target] : [target.slice(0, question), target.slice(question + 1)]
}

function hasBody({ headers }) {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function isJson(type) {
  return /^\s*application\/json\s*(?:;.*)?$/i.test(type ?? '')
}
