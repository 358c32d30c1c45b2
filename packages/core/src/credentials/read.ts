import { isRepeated } from '../field-lines.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import type { Grounds } from './challenge.js'
import { isIssuedKey } from '../accounts/key.js'
import type { CredentialsSettings, Scheme } from './options.js'

/** A credential as it was sent: nobody's yet. */
interface Sent {
  readonly key: string
  readonly scheme: Scheme
  /** The client id sent beside the key. */
  readonly client: string | undefined
}

const LONGEST_KEY = 256
/** Room for a client id and a key of 256 characters each, in UTF-8 and base64. */
const LONGEST_BASIC = 2048
const AUTHORIZATION = 'authorization'

/** RFC 9110 §11.2. */
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/
/** A field of its own takes any visible ASCII but the comma, with which Node joins repeated lines. */
const FIELD_VALUE = /^[\x21-\x2b\x2d-\x7e]+$/
/** RFC 7617 §2: neither the user-id nor the password may contain control characters. */
const PASSWORD = /^\P{Cc}+$/u
const CLIENT_ID = /^\P{Cc}*$/u

/** The value of the field of the `header` scheme. */
interface OwnField {
  readonly own: string
}

/** Reads the one credential of a request. */
export interface Reader {
  /** The value of the one field that holds it, of Authorization as it is, or why there is no such field. */
  find(request: GateRequest): string | OwnField | Ground
  /** The credential in that value, if it is worth a look-up, or why it is not. */
  read(value: string, inOwnField: boolean): Sent | Ground
}

export function createReader(settings: CredentialsSettings, grounds: Grounds): Reader {
  const { header, schemes } = settings
  const bearer = schemes.includes('bearer')
  const basic = schemes.includes('basic')
  const readsAuthorization = bearer || basic
  const readsHeader = schemes.includes('header')
  const [one = '', other = one] = [
    ...(readsAuthorization ? [AUTHORIZATION] : []),
    ...(readsHeader ? [header] : []),
  ]
  const take = createTake(settings, grounds)

  const readAuthorization = (value: string): Sent | Ground => {
    const space = value.indexOf(' ')
    const name = space === -1 ? value : value.slice(0, space)
    const rest = space === -1 ? '' : afterSpaces(value, space)
    if (bearer && isNamed(name, 'bearer')) return take(rest, 'bearer', undefined, TOKEN68)
    if (basic && isNamed(name, 'basic')) {
      const pair = readBasic(rest)
      return pair ? take(pair.key, 'basic', pair.client, PASSWORD) : grounds.malformed
    }
    // RFC 6750 §3.1: another scheme is as if nothing had been sent. An empty field is nobody's scheme.
    return value === '' ? grounds.malformed : grounds.missing
  }

  return {
    find({ headers, rawHeaders }) {
      const authorization = readsAuthorization ? headers[AUTHORIZATION] : undefined
      const own = readsHeader ? headers[header] : undefined
      if (authorization === undefined && own === undefined) return grounds.missing
      if (authorization !== undefined && own !== undefined) return grounds.ambiguous
      if (isRepeated(rawHeaders, one, other)) return grounds.ambiguous
      if (authorization !== undefined)
        return typeof authorization === 'string' ? authorization : grounds.ambiguous
      return typeof own === 'string' ? { own } : grounds.ambiguous
    },
    read(value, inOwnField) {
      if (!inOwnField) return readAuthorization(value)
      return value.includes(',') ? grounds.ambiguous : take(value, 'header', undefined, FIELD_VALUE)
    },
  }
}

type Take = (key: string, scheme: Scheme, client: string | undefined, form: RegExp) => Sent | Ground

/** Takes a key that is worth a look-up. One that `issueKey` made has every form there is, so that need not be looked at. */
function createTake({ prefix, format }: CredentialsSettings, grounds: Grounds): Take {
  const issuedOnly = format === 'issued'
  return (key, scheme, client, form) => {
    if (key.length > LONGEST_KEY) return grounds.malformed
    const isLikely = issuedOnly ? isIssuedKey(key, prefix) : key.startsWith(prefix ?? '')
    if (!(issuedOnly && isLikely) && !form.test(key)) return grounds.malformed
    return isLikely ? { key, scheme, client } : grounds.invalid[scheme]
  }
}

/** RFC 7617 §2: base64 of `user-id:password`, which ends at the first colon. */
function readBasic(encoded: string): { client: string; key: string } | undefined {
  if (encoded.length > LONGEST_BASIC) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  // Node's decoder skips what is not base64: only what it would have written itself is taken.
  if (bytes.toString('base64') !== encoded) return undefined
  const text = bytes.toString('utf8')
  // Bytes that are no UTF-8 come back as others, which take more room or differ.
  if (!Buffer.from(text, 'utf8').equals(bytes)) return undefined
  const colon = text.indexOf(':')
  const client = text.slice(0, colon)
  return colon === -1 || !CLIENT_ID.test(client) ? undefined : { client, key: text.slice(colon + 1) }
}

/** Lengths first: most names differ there. */
function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && (name === lowerCase || name.toLowerCase() === lowerCase)
}

function afterSpaces(value: string, from: number): string {
  let start = from
  while (value.charCodeAt(start) === 32) start++
  return value.slice(start)
}
