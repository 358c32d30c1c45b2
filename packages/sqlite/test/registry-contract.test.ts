import { setTimeout as passed } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { sqliteRegistry } from '@api-terms/sqlite'
import { registryContract, type RegistryMaker } from '../../../test/registry-contract.js'
import { registryProperty } from '../../../test/registry-property.js'
import { DRIVERS_HERE, folderOfFiles } from './files.js'

const POLL_MS = 10
const files = folderOfFiles()
afterAll(files.remove)

describe.each(DRIVERS_HERE)('with %s', (driver) => {
  const alone: RegistryMaker = (clock) => ({
    registry: sqliteRegistry({ path: files.next(), driver, clock, pollMs: POLL_MS }),
  })
  const two: RegistryMaker = (clock) => {
    const options = { path: files.next(), driver, clock, pollMs: POLL_MS }
    return {
      registry: sqliteRegistry(options),
      another: sqliteRegistry(options),
      settle: () => passed(2 * POLL_MS + 10),
    }
  }
  registryContract('a registry in a file', alone)
  registryContract('two registries over one file', two)
  registryProperty('a registry in a file', alone, 10)
})

test('one of both is there, or nothing was tested', () => {
  expect(DRIVERS_HERE).not.toEqual([])
})
