export type { Prepare } from './arrivals.js'
export { enter } from './enter.js'
export { admissionOf } from './exchange.js'
export { gateOf } from './gate-of.js'
export { guardRequests, type AdmittedHandler } from './guard-requests.js'
export type { Incoming, IncomingFacts } from './incoming.js'
export type { Outgoing } from './outgoing.js'
export type { AcceptanceRegistry } from './accept.js'
export {
  termsAnswers,
  termsRouter,
  type TermsFacts,
  type TermsRouter,
  type TermsRouterOptions,
} from './terms-router.js'
export type { UsageSource } from './terms-usage.js'
export { guardUpgrades, type UpgradeHandler } from './upgrades.js'
