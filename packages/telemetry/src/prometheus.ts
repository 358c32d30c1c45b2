import { OptionsError, type Followable } from '@api-terms/core'
import { checkOptions, having, PER_ACCOUNT } from './checked.js'
import { BOUNDS, DurationHistogram, type Durations } from './durations.js'
import { accountLabels, endLabel, madeOnce, ofConnections, type LabelOptions } from './labels.js'
import { measure } from './observed.js'
import { Tally, type Counted, type Labels, type Summed } from './tally.js'

/** What is needed of `prom-client`: its module, or anything like it. */
export interface PromClient {
  readonly register: object
  readonly Counter: new (settings: never) => object
  readonly Gauge: new (settings: never) => object
}

/** Options of `prometheus`. */
export interface PrometheusOptions extends LabelOptions {
  /** The module `prom-client`, as the provider's application has it: `import * as client from 'prom-client'`. */
  client: PromClient
  /** The registry that the metrics go into. Default: `client.register`, that of the application. */
  register?: object
  /** The bounds of the durations, in seconds. Default: 0.005 to 3600, since streams are connections too. */
  buckets?: number[]
}

const MOST_ACCOUNTS = 1000

/** The metrics of connections of one class, and one account where accounts are told apart. */
interface OfConnections {
  readonly open: Counted
  readonly opened: Counted
  readonly received: Counted
  readonly sent: Counted
  readonly durations: Durations
  /** By why they are over. */
  readonly ended: (reason: string) => Counted
}

interface Registry {
  getSingleMetric(name: string): object | undefined
  registerMetric(metric: object): void
}

/**
 * Metrics of a gate for Prometheus, in the provider's own registry. Any number of gates may share one.
 *
 * @returns what ends it. The metrics stay in the registry.
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function prometheus(gate: Followable, options: PrometheusOptions): () => void {
  checkOptions(options, {
    client: having(
      ['Counter', 'Gauge'],
      "the module prom-client: import * as client from 'prom-client'",
      true,
    ),
    register: having(['registerMetric', 'getSingleMetric'], 'a Registry of prom-client'),
    buckets: [isBuckets, 'a list of seconds, each more than the one before'],
    perAccount: PER_ACCOUNT,
  })
  const { client, register = client.register, buckets, perAccount } = options
  const accountOf = accountLabels(perAccount, MOST_ACCOUNTS)
  const account = perAccount === undefined || perAccount === false ? [] : ['account']
  const registry = register as Registry

  const metric = (Kind: PromClient['Counter'], name: string, help: string, labels: string[]) => {
    const settings = {
      name: `api_terms_${name}`,
      help,
      labelNames: ['api', ...labels],
      registers: [register],
    }
    const known = registry.getSingleMetric(settings.name)
    return (known ? sharedBy(known, settings) : new Kind(settings as never)) as Summed
  }
  const { Counter, Gauge } = client
  const open = metric(Gauge, 'connections_open', 'Connections that are open now.', ['class', ...account])
  const opened = metric(Counter, 'connections_total', 'Connections that were opened.', ['class', ...account])
  const ended = metric(Counter, 'connections_ended_total', 'Connections that are over, by why.', [
    'class',
    'reason',
  ])
  const durations = durationsIn(registry, buckets)
  const received = metric(Counter, 'received_bytes_total', 'Bytes that callers sent.', ['class', ...account])
  const sent = metric(Counter, 'sent_bytes_total', 'Bytes that were sent to callers.', ['class', ...account])
  const refusals = metric(Counter, 'refusals_total', 'Requests that were refused, by reason.', [
    'reason',
    ...account,
  ])
  const warnings = metric(Counter, 'warnings_total', 'Warnings of the gate, by code.', ['code'])

  const { api } = gate
  const tally = new Tally()
  const named = (labels: Labels, label: string | undefined): Labels =>
    label === undefined ? labels : { ...labels, account: label }
  const endedOf = madeOnce((className: string) =>
    madeOnce((reason: string) => tally.of(ended, { api, class: className, reason })),
  )
  const of = ofConnections(accountOf, (className, label): OfConnections => {
    const ofClass = { api, class: className }
    const labels = named(ofClass, label)
    return {
      open: tally.levelOf(open, labels),
      opened: tally.of(opened, labels),
      received: tally.of(received, labels),
      sent: tally.of(sent, labels),
      durations: durations.of(ofClass),
      ended: endedOf(className),
    }
  })
  const refusalsOf = madeOnce((reason: string) =>
    madeOnce((label: string | undefined) => tally.of(refusals, named({ api, reason }, label))),
  )

  const end = measure(
    gate,
    {
      opened(connection) {
        const counted = of(connection)
        counted.open.by++
        counted.opened.by++
      },
      refused: ({ reason, account: known }) => void refusalsOf(reason)(accountOf(known?.id ?? '')).by++,
      carried(connection, bytesIn, bytesOut) {
        const counted = of(connection)
        counted.received.by += bytesIn
        counted.sent.by += bytesOut
      },
      closed(connection, heldMs, why) {
        const counted = of(connection)
        counted.open.by--
        counted.ended(endLabel(why)).by++
        counted.durations.observe(heldMs / 1000)
      },
      warned: ({ code, count }) => warnings.inc({ api, code }, count),
    },
    (connection) => of(connection).open.by--,
  )
  return () => {
    end()
    tally.end()
  }
}

/** What another gate has put into the registry, which has to have all labels of this one. */
function sharedBy(
  known: { labelNames?: readonly string[] },
  { name, labelNames }: { name: string; labelNames: string[] },
) {
  const missing = labelNames.filter((label) => known.labelNames?.includes(label) === false)
  if (missing.length === 0) return known
  throw isTaken(
    'perAccount',
    `must be off, as for the gate that came first: ${name} has no label ${missing.join(', ')} in this registry`,
  )
}

function isTaken(path: string, message: string): OptionsError {
  return new OptionsError([{ path, message }])
}

/** That of the registry, where another gate has put one there, with the buckets that it has. */
function durationsIn(registry: Registry, bounds: readonly number[] | undefined): DurationHistogram {
  const name = 'api_terms_connection_duration_seconds'
  const known = registry.getSingleMetric(name) as DurationHistogram | undefined
  if (known && typeof known.of !== 'function')
    throw isTaken('register', `has another metric ${name}: remove it, or give the gate a registry of its own`)
  if (known && bounds && bounds.join() !== known.bounds.join())
    throw isTaken(
      'buckets',
      `must be left out, or those of the gate that came first: ${known.bounds.join(', ')}`,
    )
  if (known) return known
  const made = new DurationHistogram(name, 'How long slots were held.', bounds ?? BOUNDS)
  registry.registerMetric(made)
  return made
}

function isBuckets(value: unknown): boolean {
  return (
    value === undefined ||
    (Array.isArray(value) &&
      value.length > 0 &&
      value.every((each, at) => Number.isFinite(each) && (at === 0 || each > value[at - 1])))
  )
}
