export { sqliteRegistry, type SqliteRegistry } from './sqlite-registry.js'
export {
  sqliteLedger,
  type LedgerFilter,
  type SqliteLedger,
  type SqliteLedgerOptions,
} from './sqlite-ledger.js'
export { sqliteUsage, type SqliteUsage, type SqliteUsageOptions } from './sqlite-usage.js'
export type { FileOptions, SqliteRegistryOptions } from './options.js'
export type { DriverName } from './drivers.js'
