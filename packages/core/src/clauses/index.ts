export { coverage, type ClauseCoverage } from './coverage.js'
export type { Gap, Met } from './duty.js'
