import type { Account, Client } from '../registry.js'
import type { RegistrationOptions } from './options.js'

/** What is wrong with a registration. */
export interface RegistrationFault {
  /** Names it: the same fault again is the same text. */
  readonly what: 'contacts' | 'privacyPolicyUrl' | 'verifiedAt'
  /** Since when, in ms since 1970; absent where it has been so from the beginning. */
  readonly since?: number
}

/** Whether a registration is accurate and kept up to date (clause 1(c)), as far as records can tell. */
export interface RegistrationCheck {
  faultIn(account: Account, client: Client, now: number): RegistrationFault | undefined
  /** When it will have to be verified again, where it has been and that is asked for. */
  reviewAt(account: Account, client: Client): number | undefined
}

export function createRegistrationCheck({ reviewMs, requires = [] }: RegistrationOptions): RegistrationCheck {
  const reviewAt = (account: Account, client: Client): number | undefined => {
    if (reviewMs === undefined) return undefined
    const verified = [account.verifiedAt, client.verifiedAt].filter((date) => date != null)
    return verified.length === 0 ? undefined : Math.min(...verified.map((date) => date.getTime())) + reviewMs
  }

  return {
    reviewAt,
    faultIn(account, client, now) {
      if (requires.includes('contacts') && !hasContacts(client) && !hasContacts(account))
        return { what: 'contacts' }
      if (requires.includes('privacyPolicyUrl') && client.privacyPolicyUrl == null)
        return { what: 'privacyPolicyUrl' }
      if (reviewMs === undefined) return undefined
      const due = reviewAt(account, client)
      if (due === undefined) return { what: 'verifiedAt' }
      return now < due ? undefined : { what: 'verifiedAt', since: due }
    },
  }
}

function hasContacts({ contacts }: Account | Client): boolean {
  return contacts != null && Object.keys(contacts).length > 0
}
