export { memoryUsage, type MemoryUsageOptions } from './memory-usage.js'
export type { UsageBatch, UsageFilter, UsageRow, UsageStore } from './store.js'
export { createUsage, type Usage, type UsageOptions, type UsageQuery } from './usage.js'
