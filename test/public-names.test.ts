import { describe, expect, test } from 'vitest'
import { manifest, PACKAGES, SOURCES } from './sources.js'

/** Everything that code outside may import. A name that goes from here breaks somebody. */
const NAMES: Record<string, { values: string; types: string }> = {
  '@api-terms/core': {
    values: `OptionsError StoreError createGate issueKey memoryConnections memoryRegistry readRequest`,
    types: `
      AbandonedEvent Account Admission AdmitOptions AdmittedEvent BlockRule CachePolicy
      CachePolicyObject CacheRule CachingOptions Caller Carrier Client Clock ConnectionFilter
      ConnectionStore ConnectionView ConnectionsOptions CounterName Credential CredentialsOptions Gate
      GateEventName GateEvents GateHealth GateListener GateOptions GateRequest Ground HeldConnection Lease
      LeaseAnswer LeaseAsk Limits LimitsOption MemoryConnectionsOptions MemoryRegistry OptionIssue
      OutageEvent Pending ProblemDocument Reason Refusal RefusalHeaders RefusedEvent Registration Registry
      RegistryChange ReleasedEvent RequestEvent RequestParts RequestsOptions ResponseHead Status
      StoreState StoreWarning TermsOptions WarningEvent WhenStoreFails`,
  },
  '@api-terms/core/node': {
    values: `admissionOf enter gateOf guardRequests guardUpgrades`,
    types: `AdmittedHandler Incoming IncomingFacts Outgoing UpgradeHandler`,
  },
  '@api-terms/express': {
    values: `admissionOf apiTerms`,
    types: `ExpressMiddleware`,
  },
  '@api-terms/koa': {
    values: `admissionOf apiTerms`,
    types: `KoaContext KoaMiddleware`,
  },
  '@api-terms/redis': {
    values: `redisConnections`,
    types: `RedisClient RedisConnectionsOptions RedisWarning SendCommand`,
  },
}

describe.each(Object.entries(NAMES))('%s', (entrance, names) => {
  test('exports these values', async () => {
    const entered = (await import(entrance)) as Record<string, unknown>
    expect(Object.keys(entered).toSorted()).toEqual(words(names.values))
  })

  test('exports these types', () => {
    expect(typesExportedBy(indexOf(entrance))).toEqual(words(names.types))
  })
})

test('every entrance of every package is listed', () => {
  const entrances = PACKAGES.flatMap((name) =>
    Object.keys(manifest(`packages/${name}`).exports ?? {})
      .filter((path) => path !== './package.json')
      .map((path) => `@api-terms/${name}${path.slice(1)}`),
  )
  expect(Object.keys(NAMES).toSorted()).toEqual(entrances.toSorted())
})

function words(list: string): string[] {
  return list.split(/\s+/).filter(Boolean).toSorted()
}

function indexOf(entrance: string): string {
  const [, name, ...inner] = entrance.split('/')
  return SOURCES.get(['packages', name, 'src', ...inner, 'index.ts'].join('/')) ?? ''
}

/** An index holds names only: `export type { … }`, and `type` before a name in any other list. */
function typesExportedBy(index: string): string[] {
  const lists = [...index.matchAll(/^export\s+(type\s+)?\{([^}]*)\}/gm)]
  const types = lists.flatMap(([, allTypes, list = '']) =>
    list.split(',').flatMap((each) => {
      const [, marked, name] = /^(type\s+)?(?:\w+\s+as\s+)?(\w+)$/.exec(each.trim()) ?? []
      return name && (allTypes || marked) ? [name] : []
    }),
  )
  return types.toSorted()
}
