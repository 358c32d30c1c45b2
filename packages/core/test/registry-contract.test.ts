import { memoryRegistry } from '@api-terms/core'
import { registryContract } from '../../../test/registry-contract.js'
import { registryProperty } from '../../../test/registry-property.js'

registryContract('a registry in memory', (clock) => ({ registry: memoryRegistry({}, { clock }) }))
registryProperty('a registry in memory', (clock) => ({ registry: memoryRegistry({}, { clock }) }), 200)
