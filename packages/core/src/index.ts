export { createGate } from './gate/create-gate.js'
export type { AdmitOptions, ConnectionView, ConnectionView as Connection, Gate, GateHealth } from './gate.js'
export type { Outcome } from './admission.js'
export type { GateOptions } from './options.js'
export type {
  DatedVersion,
  OwedAcceptance,
  RegistrationOptions,
  TermsOptions,
  TermsVersion,
} from './agreement/index.js'
export type { Admission } from './admission.js'
export type { Inquiry, ToldVersion } from './inquiry.js'
export type { Carrier, Traffic } from './carrier.js'
export type { Clock } from './clock.js'
export { isOwnEnd } from './ends.js'
export { OptionsError, RegistryError, StoreError, type OptionIssue, type RegistryFault } from './errors.js'
export type {
  AbandonedEvent,
  AdmittedEvent,
  GateEventName,
  GateEvents,
  GateListener,
  MisuseEvent,
  OutageEvent,
  RefusedEvent,
  NoticeEvent,
  ReleasedEvent,
  RequestEvent,
  WarningEvent,
} from './events.js'
export type { ResponseHead } from './head.js'
export type { StoreWarning } from './store-warning.js'
export type { Pending } from './pending.js'
export type { Ground, ProblemDocument, Reason, Refusal, RefusalHeaders } from './refusal.js'
export type {
  Acceptance,
  Account,
  Client,
  Contacts,
  Credential,
  Grant,
  Limits,
  Registration,
  Registry,
  RegistryChange,
  Status,
} from './registry.js'
export type { AccountRegistry, KeyDetails, NewKey } from './accounts/account-registry.js'
export type {
  AccountDetails,
  Author,
  Changed,
  ClientDetails,
  HistoryEntry,
  Operation,
  Proposal,
  Target,
} from './accounts/operations.js'
export { needsOf, viewOf, type RecordNeeds } from './accounts/needs.js'
export type {
  AccountPage,
  HistoryPage,
  DecidedChange,
  RecordChange,
  RegistryStorage,
  RegistryView,
  Soon,
} from './accounts/storage.js'
export { readRecord, writtenRecord } from './accounts/written.js'
export type { Answers, ConnectionFilter, Voice, VoiceListener, VoiceMessage } from './voice.js'
export { readRequest, type Caller, type GateRequest, type RequestParts } from './request.js'
export type { BlockRule, RequestsOptions } from './requests/index.js'
export { accountRegistry, type AccountRegistryOptions } from './accounts/create-registry.js'
export { issueKey, type IssuedKey } from './accounts/key.js'
export { memoryRegistry, type MemoryRegistry } from './accounts/memory/memory-registry.js'
export type { Records } from './accounts/memory/records.js'
export type { CredentialsOptions } from './credentials/index.js'
export {
  memoryConnections,
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
  type WhenStoreFails,
} from './connections/index.js'
export {
  createLedger,
  fileLedger,
  streamLedger,
  type DoneOperation,
  type FileLedgerOptions,
  type Ledger,
  type LedgerEntry,
  type LedgerOptions,
  type LedgerSink,
  type Operations,
} from './ledger/index.js'
export {
  createUsage,
  memoryUsage,
  type MemoryUsageOptions,
  type Usage,
  type UsageBatch,
  type UsageFilter,
  type UsageOptions,
  type UsageQuery,
  type UsageRow,
  type UsageStore,
} from './usage/index.js'
export type {
  Followable,
  FollowedConnection,
  FollowedRefusal,
  Follower,
  Following,
  Purpose,
} from './followers.js'
export { coverage, type ClauseCoverage, type Gap, type Met } from './clauses/index.js'
export type { GateSetup, Said } from './setup.js'
export type { IdsOptions, MisuseOptions, SignOptions } from './misuse/index.js'
export type { CachePolicy, CachePolicyObject, CacheRule, CachingOptions } from './caching/index.js'
