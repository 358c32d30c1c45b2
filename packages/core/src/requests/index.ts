export type { BlockRule } from './block.js'
export { createRequestCheck, type RequestCheck } from './check.js'
export { requestsSchema, type RequestsOptions } from './options.js'
