import { OptionsError, type OptionIssue } from '@api-terms/core'

/** What an option must be, and how to tell. */
export type Check = readonly [holds: (value: unknown) => boolean, remedy: string]

/** @throws OptionsError listing everything that is wrong. */
export function checkOptions(options: object | undefined, checks: Readonly<Record<string, Check>>): void {
  const given = (options ?? {}) as Record<string, unknown>
  const issues: OptionIssue[] = Object.keys(given)
    .filter((path) => !Object.hasOwn(checks, path))
    .map((path) => ({ path, message: `is no option; there are ${Object.keys(checks).join(', ')}` }))
  for (const [path, [holds, remedy]] of Object.entries(checks))
    if (!holds(given[path])) issues.push({ path, message: `must be ${remedy}` })
  if (issues.length > 0) throw new OptionsError(issues)
}

export const PER_ACCOUNT: Check = [
  (value) =>
    value === undefined ||
    typeof value === 'boolean' ||
    (Number.isSafeInteger(value) && (value as number) >= 1),
  'true, false, or how many accounts are told apart, 1 or more',
]

/** Absent, or an object with these functions. */
export function having(methods: readonly string[], remedy: string, isRequired = false): Check {
  const holds = (value: unknown) =>
    (value === undefined && !isRequired) ||
    methods.every(
      (name) => typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function',
    )
  return [holds, remedy]
}
