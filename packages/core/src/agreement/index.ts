export type { OwedAcceptance } from './acceptance.js'
export { createAgreement, type Agreement } from './check.js'
export {
  registrationSchema,
  termsSchema,
  type RegistrationOptions,
  type TermsOptions,
  type TermsVersion,
} from './options.js'
export type { CitedVersion, DatedVersion } from './versions.js'
