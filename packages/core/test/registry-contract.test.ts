import { memoryRegistry } from '@api-terms/core'
import { registryContract } from '../../../test/registry-contract.js'

registryContract('a registry in memory', (clock) => ({ registry: memoryRegistry({}, { clock }) }))
