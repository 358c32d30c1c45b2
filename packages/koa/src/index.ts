export { admissionOf, apiTerms, type KoaContext, type KoaMiddleware } from './api-terms.js'
