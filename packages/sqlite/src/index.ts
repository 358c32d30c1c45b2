export { sqliteRegistry, type SqliteRegistry } from './sqlite-registry.js'
export type { FileOptions, SqliteRegistryOptions } from './options.js'
export type { DriverName } from './drivers.js'
