import type { MisuseEvent, WarningEvent } from '../events.js'
import type { FollowedConnection, FollowedRefusal } from '../followers.js'
import { withoutKeys } from '../without-keys.js'
import type { Decision } from './entry.js'

// What the ledger keeps of what a gate tells.

export function decisionOfRefusal(refusal: FollowedRefusal): Decision {
  const { at: _, ...event } = refusal.event()
  return { what: 'refused', ...present(event) }
}

/** `clause`: where the reason has one. */
export function decisionOfEnd(
  api: string,
  connection: FollowedConnection,
  reason: string,
  clause: string | undefined,
): Decision {
  const { id, class: className, holder, shownPath: path } = connection
  const { account, client, credential, hint } = holder
  const facts = {
    api,
    reason,
    clause,
    account: account.id,
    client: client.id,
    credential: credential.id,
    hint,
    partner: account.partner,
    class: className,
    connection: id,
    path,
  }
  return { what: 'ended', ...present(facts) }
}

export function decisionOfSign(event: MisuseEvent): Decision {
  const { api, sign: reason, clause, account, client, credential, hint, partner, enforced } = event
  const facts = { api, reason, clause, account, client, credential, hint, partner, enforced }
  return { what: 'misuse', ...present(facts) }
}

/** What was thrown is left out: a driver may have put a password into its message. */
export function decisionOfWarning({ api, code: reason, message }: WarningEvent): Decision {
  return { what: 'warning', api, reason, message: withoutKeys(message) }
}

/** Without members that are not there. */
export function present<Facts extends object>(
  facts: Facts,
): { [Name in keyof Facts]: NonNullable<Facts[Name]> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as never
}
