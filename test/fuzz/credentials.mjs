// Credentials that let nobody in, and ways to send those that would.

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The fields of a request with a valid key, as it is to be sent. */
export function validFields(random, { keys }) {
  const number = random.whole(0, keys.length - 1)
  const key = keys[number]
  return random.of([
    [`Authorization: Bearer ${key}`],
    [`authorization: bearer  ${key}`],
    [`Authorization: Basic ${base64(`client-${number}:${key}`)}`],
    [`X-API-Key: ${key}`],
  ])
}

/** Fields, and perhaps a query, that must not let anybody in. */
export function invalidFields(random, secrets) {
  return random.of(INVALID)(random, secrets)
}

const INVALID = [
  () => [],
  (random, secrets) => [`Authorization: Bearer ${nearKey(random, secrets)}`],
  (random, secrets) => [`X-API-Key: ${nearKey(random, secrets)}`],
  (random, { strangers }) => [`Authorization: Bearer ${random.of(strangers)}`],
  (random, { strangers }) => [`Authorization: Basic ${base64(`client-0:${random.of(strangers)}`)}`],
  // The key of one client under the name of another.
  (_random, { keys }) => [`Authorization: Basic ${base64(`client-1:${keys[0]}`)}`],
  (random, secrets) => [`Authorization: Basic ${spoilt(random, base64(`client-0:${secrets.keys[0]}`))}`],
  (random, { keys }) => [
    `Authorization: ${random.of(['Digest', 'Negotiate', 'Token', 'Bearer:', 'Beärer', ''])} ${random.of(keys)}`,
  ],
  (random, { keys }) => [
    `Authorization: Bearer ${random.of(keys)}${random.of([' ', '=', ',', ' x', '==x', '\t1', '"', ':'])}${random.of(['a', 'b'])}`,
  ],
  (random, { keys }) => [
    `Authorization: Bearer${random.of(['', '\t', '\u00a0', '=', ','])}${random.of(keys)}`,
  ],
  (random, { keys }) => [`Authorization: "${random.of(keys)}"`, `Cookie: key=${random.of(keys)}`],
  // Two at once, wherever they stand, even the same one twice.
  (random, { keys }) => [`Authorization: Bearer ${keys[0]}`, `Authorization: Bearer ${random.of(keys)}`],
  (random, { keys }) => [`X-API-Key: ${keys[0]}`, `x-api-key: ${random.of(keys)}`],
  (random, { keys }) => [`X-API-Key: ${random.of(keys)}`, `Authorization: Bearer ${random.of(keys)}`],
  (random, { keys }) => [`X-API-Key: ${random.of(keys)}, ${random.of(keys)}`],
  (random, { keys }) => [
    `${random.of(['X-Api_Key', 'Api-Key', 'X-API-Key-', 'Proxy-Authorization', 'WWW-Authenticate'])}: ${random.of(keys)}`,
  ],
  // Obsolete line folding, and names with a space.
  (random, { keys }) => [`X-Other: 1\r\n Authorization: Bearer ${random.of(keys)}`],
  (random, { keys }) => [`Authorization : Bearer ${random.of(keys)}`],
  (random, { keys }) => [`X-Other: 1\rAuthorization: Bearer ${random.of(keys)}`],
  (random, { keys }) => [`X-Other: 1\0\r\n\tAuthorization: Bearer ${random.of(keys)}`],
]

/** All but a valid key: one character off, cut, longer, of another prefix, of another case. */
export function nearKey(random, { keys }) {
  const key = random.of(keys)
  const at = random.whole(0, key.length - 1)
  const other = random.of([...BASE62].filter((each) => each !== key[at]))
  return random.of([
    `${key.slice(0, at)}${other}${key.slice(at + 1)}`,
    key.slice(0, at),
    key.slice(at + 1),
    key + other,
    other + key,
    `test${key.slice(key.indexOf('_'))}`,
    swapCase(key),
    encodeURIComponent(key).replace('_', '%5F'),
    key.replace('_', '-'),
    `${key}\u200b`,
    key.split('').toReversed().join(''),
    'key_',
    '',
  ])
}

function swapCase(key) {
  const swapped = [...key].map((each) =>
    each === each.toUpperCase() ? each.toLowerCase() : each.toUpperCase(),
  )
  return swapped.join('')
}

function spoilt(random, encoded) {
  const at = random.whole(0, encoded.length - 1)
  return random.of([
    `${encoded.slice(0, at)}!${encoded.slice(at)}`,
    encoded.slice(0, -random.whole(3, 9)),
    `${encoded}=`,
    `${encoded}====`,
    ` ${encoded} ${encoded}`,
    encoded.replace(/^./, '*'),
  ])
}

export function base64(text) {
  return Buffer.from(text).toString('base64')
}
