export { isOfCaching } from './fields.js'
export { cachingSchema, type CacheRule, type CachingOptions } from './options.js'
export { type CachePolicy, type CachePolicyObject, compilePolicy, type CompiledPolicy } from './policy.js'
export { type CachedAnswer, type Caching, createCaching } from './stamp.js'
