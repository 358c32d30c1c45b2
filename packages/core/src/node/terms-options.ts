import { checkNamed, having, type Check } from '../checked.js'
import type { Gate } from '../gate.js'
import type { AcceptanceRegistry } from './accept.js'
import type { UsageSource } from './terms-usage.js'

/** Options of {@link termsRouter}. */
export interface TermsRouterOptions {
  /** The gate of the API. */
  gate: Gate
  /** Where acceptances are recorded: a registry that can be written, or an object with `acceptTerms`. Absent: none are taken. */
  registry?: AcceptanceRegistry
  /** Where usage is looked up. Absent: `/usage` is not there. */
  usage?: UsageSource
  /**
   * What stands before the router's own paths in `req.url`, where no framework takes it off: begins with a slash, and does not end with one,
   * e.g. `/terms`. Default: nothing.
   */
  path?: string
}

/** Told by what it can do: it may come from another loaded copy of this package. */
const [canInquire] = having(['inquire', 'connections', 'warn'], '')

const CHECKS: Readonly<Record<keyof TermsRouterOptions, Check>> = {
  gate: [(value) => value !== undefined && canInquire(value), 'the gate of the API, of createGate'],
  registry: having(['acceptTerms'], 'a registry that can be written, or an object with acceptTerms'),
  usage: having(['of'], 'createUsage(), or an object with of'),
  path: [
    (value) =>
      value === undefined || (typeof value === 'string' && /^(?:\/[\w.~!$&'()*+,;=:@%-]+)*$/.test(value)),
    'a path that begins with a slash and does not end with one, e.g. /terms; leave it out where a framework takes it off',
  ],
}

/** @throws OptionsError listing everything that is wrong with the options. */
export function checkTermsRouterOptions(options: TermsRouterOptions | undefined): void {
  checkNamed(options ?? {}, CHECKS)
}
