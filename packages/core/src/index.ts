export { createGate } from './create-gate.js'
export type { AdmitOptions, ConnectionView, Gate, GateHealth } from './gate.js'
export type { GateOptions, TermsOptions } from './options.js'
export type { Admission } from './admission.js'
export type { Carrier } from './carrier.js'
export type { Clock } from './clock.js'
export { OptionsError, StoreError, type OptionIssue } from './errors.js'
export type {
  AbandonedEvent,
  AdmittedEvent,
  GateEventName,
  GateEvents,
  GateListener,
  OutageEvent,
  RefusedEvent,
  ReleasedEvent,
  RequestEvent,
  WarningEvent,
} from './events.js'
export type { ResponseHead } from './head.js'
export type { Pending } from './pending.js'
export type { Ground, ProblemDocument, Reason, Refusal, RefusalHeaders } from './refusal.js'
export type {
  Account,
  Client,
  Credential,
  Limits,
  Registration,
  Registry,
  RegistryChange,
  Status,
} from './registry.js'
export { readRequest, type Caller, type GateRequest, type RequestParts } from './request.js'
export type { BlockRule, RequestsOptions } from './requests/index.js'
export {
  issueKey,
  memoryRegistry,
  type CredentialsOptions,
  type MemoryRegistry,
} from './credentials/index.js'
export {
  memoryConnections,
  type ConnectionFilter,
  type ConnectionsOptions,
  type ConnectionStore,
  type CounterName,
  type HeldConnection,
  type Lease,
  type LeaseAnswer,
  type LeaseAsk,
  type LimitsOption,
  type MemoryConnectionsOptions,
  type StoreState,
  type StoreWarning,
  type WhenStoreFails,
} from './connections/index.js'
export type { CachePolicy, CachePolicyObject, CacheRule, CachingOptions } from './caching/index.js'
