import type { Operation } from './operations.js'

/** The clauses of the model Terms that operations rest on. What only puts records as they are rests on none. */
export const OPERATION_CLAUSES = {
  'register-account': ['1(c)', '1(d)'],
  'update-account': ['1(c)'],
  'register-client': ['1(c)', '2(c)'],
  'update-client': ['1(c)'],
  verify: ['1(c)'],
  'issue-key': ['4(b)'],
  'rotate-key': ['4(b)'],
  'revoke-key': ['4(b)'],
  'accept-terms': ['1(a)', '1(b)'],
  grant: ['2(d)'],
  'withdraw-grant': ['2(d)'],
  suspend: ['1(d)', '3(a)'],
  reinstate: ['3(a)'],
  terminate: ['6(a)'],
} as const satisfies Partial<Record<Operation['kind'], readonly string[]>>

/** The clause about partners. */
const OF_PARTNERS = '1(d)'

/** What one operation rests on: on the clause about partners only where it is about one. */
export function clausesOf(kind: string, aboutPartner: boolean): readonly string[] {
  if (!Object.hasOwn(OPERATION_CLAUSES, kind)) return []
  const clauses: readonly string[] = OPERATION_CLAUSES[kind as keyof typeof OPERATION_CLAUSES]
  return clauses.filter((clause) => aboutPartner || clause !== OF_PARTNERS)
}
