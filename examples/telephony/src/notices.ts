import type { AccountRegistry, Gate } from '@api-terms/core'

/**
 * Notices to accounts (clause 2(f)): that Terms are to be accepted, a key ends, notice was given. Who has a mail server mails them; here what would
 * be mailed is said on stderr.
 */
export function mailNotices(gate: Gate, registry: AccountRegistry): void {
  gate.on('notice', async ({ code, account, client, due }) => {
    const { contacts } = (await registry.account(account)) ?? {}
    const to = Object.values(contacts ?? {}).join(', ') || account
    console.error(`mail to ${to}: ${code} for ${client}${due ? `, ${due.toISOString()}` : ''}`)
  })
}
