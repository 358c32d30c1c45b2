export { admissionOf, apiTerms } from './api-terms.js'
