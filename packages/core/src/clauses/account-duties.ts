import { holds, recorded, refuses, unless, type Duty } from './duty.js'
import {
  acceptance,
  acceptanceRecorded,
  countedTogether,
  endedAtOnce,
  noticesHeard,
  registrationLooked,
  sign,
} from './looks.js'

/** Clauses about accounts over time, and what they may use. */
export const ACCOUNT_DUTIES: readonly Duty[] = [
  {
    clause: '1(a)',
    asks: 'the Terms are accepted before an API is used, by someone able to be bound',
    means: ['L', 'E'],
    reasons: ['terms-not-accepted'],
    looks: [acceptance('a client that has accepted none is refused'), acceptanceRecorded],
  },
  {
    clause: '1(b)',
    asks: 'who accepts for an entity has the authority to bind it',
    means: ['L', 'E'],
    reasons: ['terms-not-accepted'],
    looks: [acceptance('an acceptance names who accepts and who is bound'), acceptanceRecorded],
  },
  {
    clause: '1(c)',
    asks: 'what is registered is accurate and kept up to date',
    means: ['L', 'M'],
    reasons: ['registration-stale'],
    looks: [recorded('verify', 'it is kept when a registration was confirmed'), registrationLooked],
  },
  {
    clause: '1(d)',
    asks: "partners may provide the API on the provider's behalf",
    means: ['L'],
    reasons: [],
    looks: [
      holds('registry', "an account's partner is named in every event and entry", 'kept in records'),
      recorded(
        'suspend',
        'the accounts of a partner are suspended together',
        'a partner is not suspended as one',
      ),
    ],
  },
  {
    clause: '2(d)',
    asks: 'an account has no more simultaneous connections than its limits',
    means: ['E'],
    reasons: ['connections-exhausted', 'limits-unavailable'],
    looks: [
      refuses('limits', 'connections are counted by API, account and class'),
      countedTogether,
      unless(
        'connections.whenStoreFails',
        'admit',
        'while the store is away everybody is let in',
        "set connections.whenStoreFails to 'local' or 'refuse'",
      ),
    ],
  },
  {
    clause: '2(d)',
    asks: 'the provider may change the limits at any time',
    means: ['E'],
    reasons: ['connections-exhausted'],
    looks: [refuses('gate.setLimits', 'limits change at run time, and counts are kept')],
  },
  {
    clause: '2(d)',
    asks: 'more than the limits only with express consent',
    means: ['L'],
    reasons: [],
    looks: [
      holds('registry', 'grants of an account begin and end by themselves', 'kept in records'),
      recorded('grant', 'a grant is kept with who consented', 'the registry given records no grants'),
    ],
  },
  {
    clause: '2(d)',
    asks: 'the limits are not got round',
    means: ['E', 'M'],
    reasons: ['circumvention-suspected'],
    looks: [
      refuses(undefined, 'more keys or clients give an account no more connections'),
      sign('misuse.atLimit', 'an account that is refused at its limit again and again is found'),
    ],
  },
  {
    clause: '2(f)',
    asks: 'accounts can be told about their use of the API',
    means: ['M'],
    reasons: [],
    looks: [noticesHeard('what an account should be told is told, to be mailed')],
  },
  {
    clause: '3(a)',
    asks: 'access may be suspended without notice',
    means: ['E', 'L'],
    reasons: ['account-suspended'],
    looks: [
      refuses('registry', 'the status of account and client is looked at on every request'),
      recorded('suspend', 'a suspension is kept with who, when and why'),
      endedAtOnce,
    ],
  },
  {
    clause: '6(a)',
    asks: 'either side may end the agreement, at once or with notice',
    means: ['L', 'E'],
    reasons: ['account-terminated'],
    looks: [
      refuses('registry', 'whose agreement has ended is refused, from the date of a notice too'),
      recorded('terminate', 'an end is kept with who, when and why'),
      endedAtOnce,
    ],
  },
  {
    clause: '6(b)',
    asks: 'after the end: use stops, and what was cached is deleted',
    means: ['E', 'M'],
    reasons: ['account-terminated'],
    looks: [
      refuses(undefined, 'refusals ask for caches to be cleared'),
      endedAtOnce,
      noticesHeard('that notice was given is told, to be mailed'),
    ],
  },
  {
    clause: '8(a)',
    asks: 'the Terms may change',
    means: ['L', 'E'],
    reasons: ['terms-not-accepted'],
    looks: [acceptance('a new version is warned of for a while, and then asked for'), acceptanceRecorded],
  },
]
