import { withoutKeys } from './without-keys.js'

/** One thing wrong with the options. */
export interface OptionIssue {
  /** Where, e.g. `requests.paths[2]`. */
  readonly path: string
  /** What is wrong there, and what to write instead. */
  readonly message: string
}

/**
 * Thrown at start-up by `createGate` and `apiTerms` when options are wrong: every issue at once, each with the path to the
 * option and the remedy. `code` tells it apart without `instanceof`.
 */
export class OptionsError extends TypeError {
  override readonly name = 'OptionsError'
  readonly code = 'API_TERMS_OPTIONS'
  readonly issues: readonly OptionIssue[]

  constructor(given: readonly OptionIssue[]) {
    // A key may have been put where a name belongs; what is printed at start-up is kept in logs.
    const issues = given.map(({ path, message }) => ({
      path: withoutKeys(path),
      message: withoutKeys(message),
    }))
    super(
      `api-terms: ${issues.length === 1 ? 'an option is' : 'options are'} wrong\n${issues.map(line).join('\n')}`,
    )
    this.issues = issues
  }
}

/**
 * Rejected with by a connection store, or by the gate where its store failed at run time. `code` tells it apart without
 * `instanceof`.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code = 'API_TERMS_STORE'
  /**
   * Of an operation of a registry: `none` where nothing was changed, `unknown` where it may have taken place. Ask the registry before you
   * do it again.
   */
  readonly outcome: 'none' | 'unknown' | undefined

  constructor(message?: string, options: ErrorOptions & { readonly outcome?: 'none' | 'unknown' } = {}) {
    super(message, options)
    this.outcome = options.outcome
  }
}

/**
 * Why an operation of a registry was refused. `invalid`: it is not of the right form, or contradicts itself. `unknown`: there is no
 * such account, client, partner, credential, grant or notice. `duplicate`: there is one already. `terminated`: who is terminated does not come
 * back. `already-suspended`, `not-suspended`: nothing would change. `not-in-force`: the credential has been revoked, or has expired.
 */
export type RegistryFault =
  | 'invalid'
  | 'unknown'
  | 'duplicate'
  | 'terminated'
  | 'already-suspended'
  | 'not-suspended'
  | 'not-in-force'

/**
 * Rejected with by a registry that refuses an operation: nothing was changed then. `code` tells it apart without `instanceof`, and
 * `fault` says why.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code = 'API_TERMS_REGISTRY'
  readonly fault: RegistryFault
  /** Everything that is wrong with an `invalid` operation. */
  readonly issues: readonly OptionIssue[]

  constructor(fault: RegistryFault, message: string, issues: readonly OptionIssue[] = []) {
    super(withoutKeys(`api-terms: ${message}${issues.map((issue) => `\n${line(issue)}`).join('')}`))
    this.fault = fault
    this.issues = issues.map((issue) => ({
      path: withoutKeys(issue.path),
      message: withoutKeys(issue.message),
    }))
  }
}

/** Told without `instanceof`: it may come from another loaded copy of this package. */
export function isRegistryFault(cause: unknown, fault: RegistryFault): boolean {
  const { code, fault: why } = (cause ?? {}) as Partial<RegistryError>
  return code === 'API_TERMS_REGISTRY' && why === fault
}

function line(issue: OptionIssue): string {
  return `  - ${issue.path}: ${issue.message}`
}
