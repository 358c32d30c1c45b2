import { ACCOUNT_DUTIES } from './account-duties.js'
import { ANSWER_DUTIES } from './answer-duties.js'
import { REQUEST_DUTIES } from './request-duties.js'
import type { Duty } from './duty.js'

/** What of the Terms a server can hold. */
export const DUTIES: readonly Duty[] = [...ACCOUNT_DUTIES, ...REQUEST_DUTIES, ...ANSWER_DUTIES]
