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
}

function line(issue: OptionIssue): string {
  return `  - ${issue.path}: ${issue.message}`
}
