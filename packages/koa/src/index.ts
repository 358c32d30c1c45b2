export { admissionOf, apiTerms, type KoaMiddleware } from './api-terms.js'
export type { KoaContext } from './caller.js'
export { termsRouter } from './terms-router.js'
