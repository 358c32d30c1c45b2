import { describe, expect, test } from 'vitest'
import { manifest, PACKAGES, SOURCES } from './sources.js'

/** Everything that code outside may import. A name that goes from here breaks somebody. */
const NAMES: Record<string, { values: string; types: string }> = {
  '@api-terms/core': {
    values: `
      accountRegistry coverage createGate createLedger createUsage fileLedger isOwnEnd issueKey memoryConnections
      memoryRegistry memoryUsage needsOf OptionsError readRecord readRequest RegistryError
      StoreError streamLedger viewOf writtenRecord`,
    types: `
      AbandonedEvent Acceptance Account AccountDetails AccountPage AccountRegistry
      AccountRegistryOptions Admission AdmitOptions AdmittedEvent Answers Author BlockRule
      CachePolicy CachePolicyObject CacheRule CachingOptions Caller Carrier Changed Client
      ClientDetails Clock ConnectionFilter ConnectionsOptions ConnectionStore Connection ConnectionView
      Contacts CounterName Credential CredentialsOptions DatedVersion DecidedChange DoneOperation
      FileLedgerOptions Followable FollowedConnection FollowedRefusal Follower Following Gate
      GateEventName GateEvents GateHealth GateListener GateOptions GateRequest Grant Ground
      HeldConnection HistoryEntry HistoryPage IssuedKey Inquiry KeyDetails Lease LeaseAnswer LeaseAsk Ledger
      LedgerEntry LedgerOptions LedgerSink Limits LimitsOption MemoryConnectionsOptions
      MemoryRegistry MemoryUsageOptions NewKey NoticeEvent Operation Operations OptionIssue
      Outcome OutageEvent OwedAcceptance Pending ProblemDocument Proposal Reason RecordChange RecordNeeds
      Records Refusal RefusalHeaders RefusedEvent Registration RegistrationOptions Registry
      RegistryChange RegistryFault RegistryStorage RegistryView ReleasedEvent RequestEvent
      RequestParts RequestsOptions ResponseHead Soon Status StoreState StoreWarning Target
      TermsOptions TermsVersion ToldVersion Traffic Usage UsageBatch UsageFilter UsageOptions
      UsageQuery UsageRow UsageStore Voice VoiceListener VoiceMessage WarningEvent WhenStoreFails
      IdsOptions MisuseEvent MisuseOptions SignOptions ClauseCoverage Gap GateSetup Met Purpose Said`,
  },
  '@api-terms/core/node': {
    values: `admissionOf enter gateOf guardRequests guardUpgrades termsAnswers termsRouter`,
    types: `
      AcceptanceRegistry AdmittedHandler Incoming IncomingFacts Outgoing Prepare TermsFacts TermsRouter
      TermsRouterOptions UpgradeHandler UsageSource`,
  },
  '@api-terms/express': {
    values: `admissionOf apiTerms`,
    types: `ExpressMiddleware`,
  },
  '@api-terms/koa': {
    values: `admissionOf apiTerms termsRouter`,
    types: `KoaContext KoaMiddleware`,
  },
  '@api-terms/redis': {
    values: `redisConnections redisLedger redisRegistry redisUsage`,
    types: `
      RedisClient RedisConnectionsOptions RedisLedgerOptions RedisRegistryOptions
      RedisRegistryWarning RedisUsageOptions RedisWarning SendCommand`,
  },
  '@api-terms/telemetry': {
    values: `logTo openTelemetry prometheus`,
    types: `
      LabelOptions OpenTelemetryOptions OtelMeter OtelMetrics OtelTrace PinoLike PromClient PrometheusOptions`,
  },
  '@api-terms/sqlite': {
    values: `sqliteLedger sqliteRegistry sqliteUsage`,
    types: `
      DriverName FileOptions LedgerFilter SqliteLedger SqliteLedgerOptions SqliteRegistry
      SqliteRegistryOptions SqliteUsage SqliteUsageOptions`,
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
