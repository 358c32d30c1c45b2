import { isOwnEnd, type FollowedConnection } from '@api-terms/core'

/** Options of what has labels. */
export interface LabelOptions {
  /**
   * Tells accounts apart: `true` for at most 1000 of them (OpenTelemetry: 200), or how many; those that come later are `other`. Off by default,
   * since each account is a series of its own in whatever keeps the metrics.
   */
  perAccount?: boolean | number
}

export const OTHER = 'other'

/**
 * What stands for an account in a label: `undefined` where accounts are not told apart.
 *
 * @param most so many are, where no number is given
 */
export function accountLabels(
  perAccount: boolean | number | undefined,
  most: number,
): (account: string) => string | undefined {
  if (perAccount === undefined || perAccount === false) return () => undefined
  const places = perAccount === true ? most : perAccount
  const known = new Set<string>()
  return (account) => {
    // Of callers who are nobody, there are any number.
    if (account === '' || known.has(account)) return account
    if (known.size >= places) return OTHER
    known.add(account)
    return account
  }
}

/** Why a connection ended, as a label: `done` where it simply did. What a provider says is of its own making, and so without bound. */
export function endLabel(why: string | undefined): string {
  if (why === undefined) return 'done'
  return isOwnEnd(why) ? why : OTHER
}

/** The same answer for the same label, which are few. */
export function madeOnce<Label, Made>(make: (label: Label) => Made): (label: Label) => Made {
  const made = new Map<Label, Made>()
  return (label) => {
    let known = made.get(label)
    if (known === undefined) made.set(label, (known = make(label)))
    return known
  }
}

/** What is made once for connections of the same class and, where accounts are told apart, the same account. */
export function ofConnections<Made>(
  accountOf: (account: string) => string | undefined,
  make: (className: string, account: string | undefined) => Made,
): (connection: FollowedConnection) => Made {
  const ofClass = madeOnce((className: string) =>
    madeOnce((account: string | undefined) => make(className, account)),
  )
  // A request is looked at several times in a row, and so are those of a busy account.
  let last: { readonly className: string; readonly account: string; readonly made: Made } | undefined
  return ({ class: className, holder: { accountId: account } }) => {
    if (last && last.className === className && last.account === account) return last.made
    const made = ofClass(className)(accountOf(account))
    last = { className, account, made }
    return made
  }
}
