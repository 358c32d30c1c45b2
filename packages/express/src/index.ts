export { admissionOf, apiTerms, type ExpressMiddleware } from './api-terms.js'
