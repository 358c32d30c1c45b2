import { stamps, where, type Duty } from './duty.js'
import { nothingPublic, sign } from './looks.js'

/** Clauses about what goes out, and what is done with it. */
export const ANSWER_DUTIES: readonly Duty[] = [
  {
    clause: '4(a)9',
    asks: 'notices of the Terms and links to them are kept',
    means: ['E'],
    reasons: [],
    looks: [stamps('terms.url', 'every answer links to the Terms in force')],
  },
  {
    clause: '5(a)',
    asks: 'content may be restricted, limited or filtered',
    means: ['E'],
    reasons: ['request-blocked'],
    looks: [
      where(
        'requests.block',
        'what the rules name is refused',
        'no content is restricted',
        'set requests.block, where some has to be',
      ),
    ],
  },
  {
    clause: '5(c)',
    asks: "a user's content that is not public is not shown to others",
    means: ['E'],
    reasons: [],
    looks: [
      stamps('caching', 'answers are for their caller alone, unless a rule says otherwise'),
      nothingPublic,
    ],
  },
  {
    clause: '5(d)1',
    asks: 'copies are kept no longer than the cache header permits',
    means: ['E'],
    reasons: [],
    looks: [stamps('caching', 'every answer says how long it may be kept, never longer than permitted')],
  },
  {
    clause: '5(d)1',
    asks: 'content is not scraped, and no databases are built of it',
    means: ['M', 'E'],
    reasons: ['scraping-suspected'],
    looks: [sign('misuse.ids', 'an account that asks for many ids is found')],
  },
  {
    clause: '5(d)4',
    asks: 'notices and labels of origin are kept',
    means: ['E'],
    reasons: [],
    looks: [
      where(
        'terms.licence',
        'answers with content link to its licence',
        'answers name no licence of their content',
        'set terms.licence, where content has one',
        'left out',
      ),
    ],
  },
]
