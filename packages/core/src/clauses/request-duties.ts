import { holds, recorded, refuses, stamps, unless, where, type Duty } from './duty.js'
import { decisionsKept, privacyPolicy, sign, usageCounted } from './looks.js'

/** Requests that pass unseen. */
const skipped = unless(
  'skip',
  true,
  'requests for which skip returns true pass unseen',
  'leave skip out, or let it name nothing of the API',
)

/** Clauses about what comes in, from whom, and what is seen of it. */
export const REQUEST_DUTIES: readonly Duty[] = [
  {
    clause: '2(c)',
    asks: 'an API is used by the documented means only',
    means: ['E'],
    reasons: [
      'method-not-allowed',
      'path-not-documented',
      'media-type-not-accepted',
      'upgrade-not-documented',
      'method-overridden',
      'target-ambiguous',
      'request-blocked',
    ],
    looks: [
      refuses(undefined, 'what can be read in two ways is refused'),
      refuses('requests.methods', 'methods that are not documented are refused'),
      refuses('requests.upgrades', 'upgrades that are not documented are refused'),
      where('requests.paths', 'paths that are not documented are refused', 'every path is let through'),
      where(
        'requests.mediaTypes',
        'media types that are not documented are refused',
        'bodies of every type are let through',
      ),
      skipped,
    ],
  },
  {
    clause: '2(c)',
    asks: 'assigned credentials are used, with the API they are for',
    means: ['E'],
    reasons: [
      'credentials-missing',
      'credentials-malformed',
      'credentials-invalid',
      'api-not-granted',
      'registry-unavailable',
    ],
    looks: [refuses('registry', 'who has no valid key of a client that may use the API is refused'), skipped],
  },
  {
    clause: '2(c)',
    asks: 'nobody masks or misrepresents who it is',
    means: ['E', 'M'],
    reasons: ['credentials-ambiguous', 'credentials-invalid', 'network-not-allowed'],
    looks: [
      refuses(undefined, 'one key, in one place, with Basic beside its client’s id'),
      refuses('registry', 'a client that has networks is let in from there only'),
      where(
        'credentials.clientHeader',
        'a client id beside the key must be the key’s',
        'a client id is looked at with Basic only',
      ),
    ],
  },
  {
    clause: '3(a)',
    asks: 'use is monitored',
    means: ['M'],
    reasons: [],
    looks: [holds('gate.connections', 'what is open can be seen', 'monitored'), decisionsKept],
  },
  {
    clause: '3(b)',
    asks: 'what is collected of users is protected',
    means: ['E'],
    reasons: [],
    looks: [holds(undefined, 'bodies and query values stand in no event, entry, error or metric')],
  },
  {
    clause: '3(d)',
    asks: 'personal data is protected, and clients have a privacy policy',
    means: ['E'],
    reasons: ['registration-stale'],
    looks: [
      holds(undefined, 'keys and personal data stand in no event, entry, error or metric'),
      privacyPolicy,
    ],
  },
  {
    clause: '4(a)1',
    asks: 'access is not sublicensed or shared',
    means: ['M'],
    reasons: ['sharing-suspected'],
    looks: [sign('misuse.networks', 'a key that is used from many networks is found')],
  },
  {
    clause: '4(a)3',
    asks: 'billing is not fooled',
    means: ['M'],
    reasons: [],
    looks: [usageCounted],
  },
  {
    clause: '4(a)5',
    asks: 'servers are not interfered with',
    means: ['E'],
    reasons: ['target-too-long', 'body-too-large'],
    looks: [
      refuses('requests.maxTargetLength', 'long targets are refused'),
      where('requests.maxBodyBytes', 'large bodies are refused', 'bodies are not bounded'),
      stamps('connections.stallMs', 'callers that stall, or stay too long, are let go'),
      ...(['stallMs', 'maxHoldMs'] as const).map((name) =>
        unless(
          `connections.${name}`,
          Infinity,
          name === 'stallMs' ? 'callers that stall are held for ever' : 'connections may last for ever',
          `set connections.${name} to a number of ms`,
        ),
      ),
    ],
  },
  {
    clause: '4(a)7',
    asks: 'nothing is reverse engineered',
    means: ['E'],
    reasons: ['credentials-invalid'],
    looks: [holds(undefined, 'refusals give nothing away: no stack, one answer for unknown and wrong keys')],
  },
  {
    clause: '4(b)1',
    asks: 'credentials are kept confidential, and in no open source',
    means: ['E', 'L'],
    reasons: ['credentials-in-url', 'insecure-transport'],
    looks: [
      holds('registry', 'keys are kept as digests, and shown once'),
      refuses(undefined, 'a key in a URL is refused'),
      where(
        'requests.https',
        'plain HTTP is refused',
        'keys are taken over plain HTTP too',
        'set requests.https to true',
      ),
      unless(
        'credentials.format',
        'any',
        'keys without a checksum cannot be found where they leak',
        "set credentials.format to 'issued'",
      ),
      recorded('rotateKey', 'keys are replaced with an overlap, and revoked'),
    ],
  },
]
