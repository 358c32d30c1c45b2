import type { TermsOptions } from '@api-terms/core'

/** The version of the Terms in force. */
export const VERSION = '2026-01'

/** Where its Terms are, and since when: whoever has not accepted the version in force is refused (clauses 1(a), 8(a)). */
export const TERMS: TermsOptions = {
  url: 'https://provider.example/terms',
  // With the only version listed: cited even by a machine whose clock is behind.
  version: VERSION,
  versions: [{ version: VERSION, effectiveAt: new Date('2026-01-01') }],
}
