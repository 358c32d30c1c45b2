import type { Followable, RefusedEvent } from '@api-terms/core'
import { checkOptions, having, PER_ACCOUNT } from './checked.js'
import { accountLabels, endLabel, madeOnce, ofConnections, type LabelOptions } from './labels.js'
import { measure } from './observed.js'

type Attributes = Record<string, string | number | boolean>

interface Adding {
  add(value: number, attributes?: Attributes): void
}

interface InstrumentOptions {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

/** What is needed of a meter of OpenTelemetry. */
export interface OtelMeter {
  createCounter(name: string, options?: InstrumentOptions): Adding
  createUpDownCounter(name: string, options?: InstrumentOptions): Adding
  createHistogram(
    name: string,
    options?: InstrumentOptions,
  ): { record(value: number, attributes?: Attributes): void }
}

/** What is needed of `metrics` of `@opentelemetry/api`, or of a meter provider. */
export interface OtelMetrics {
  getMeter(name: string, version?: string): OtelMeter
}

/** What is needed of `trace` of `@opentelemetry/api`. */
export interface OtelTrace {
  getActiveSpan(): { addEvent(name: string, attributes?: Attributes): unknown } | undefined
}

/** Options of `openTelemetry`. */
export interface OpenTelemetryOptions extends LabelOptions {
  /** `metrics` of `@opentelemetry/api`, or a meter provider. Absent: no metrics. */
  metrics?: OtelMetrics
  /** `trace` of `@opentelemetry/api`: decisions are events on the active span. Absent: none are. */
  trace?: OtelTrace
}

/** In seconds, from a quick answer to a stream that is open for an hour. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600]

/**
 * Metrics of a gate for OpenTelemetry, and an event for each decision on the span that is active as the request comes in.
 *
 * @returns what ends it.
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function openTelemetry(gate: Followable, options: OpenTelemetryOptions): () => void {
  checkOptions(options, {
    metrics: having(['getMeter'], 'metrics of @opentelemetry/api, or a meter provider'),
    trace: having(['getActiveSpan'], 'trace of @opentelemetry/api'),
    perAccount: PER_ACCOUNT,
  })
  const { metrics, trace, perAccount } = options
  const ends = [
    ...(metrics ? [meterOf(gate, metrics.getMeter('@api-terms/telemetry'), perAccount)] : []),
    ...(trace ? [tracing(gate, trace)] : []),
  ]
  return () => {
    for (const end of ends.splice(0)) end()
  }
}

function meterOf(gate: Followable, meter: OtelMeter, perAccount: LabelOptions['perAccount']): () => void {
  const accountOf = accountLabels(perAccount)
  const open = meter.createUpDownCounter('api_terms.connection.count', {
    description: 'Connections that are open now.',
    unit: '{connection}',
  })
  const durations = meter.createHistogram('api_terms.connection.duration', {
    description: 'How long slots were held.',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const bytes = meter.createCounter('api_terms.connection.io', {
    description: 'Bytes that connections carried.',
    unit: 'By',
  })
  const refusals = meter.createCounter('api_terms.refusals', {
    description: 'Requests that were refused.',
    unit: '{refusal}',
  })
  const warnings = meter.createCounter('api_terms.warnings', {
    description: 'Warnings of the gate.',
    unit: '{warning}',
  })

  const labelled = (attributes: Attributes, label: string | undefined): Attributes =>
    label === undefined
      ? { 'api_terms.api': gate.api, ...attributes }
      : { 'api_terms.api': gate.api, ...attributes, 'api_terms.account': label }
  const of = ofConnections(accountOf, (className, label) => {
    const whose = (more: Attributes = {}) => labelled({ 'api_terms.class': className, ...more }, label)
    return {
      open: whose(),
      received: whose({ 'network.io.direction': 'receive' }),
      sent: whose({ 'network.io.direction': 'transmit' }),
      ended: madeOnce((end: string) => whose({ 'api_terms.end': end })),
    }
  })

  return measure(
    gate,
    {
      opened: (connection) => open.add(1, of(connection).open),
      refused: ({ reason, account }) =>
        refusals.add(1, labelled({ 'api_terms.reason': reason }, accountOf(account?.id ?? ''))),
      carried(connection, bytesIn, bytesOut) {
        const { received, sent } = of(connection)
        bytes.add(bytesIn, received)
        bytes.add(bytesOut, sent)
      },
      closed(connection, heldMs, why) {
        const about = of(connection)
        open.add(-1, about.open)
        durations.record(heldMs / 1000, about.ended(endLabel(why)))
      },
      warned: ({ code, count }) => warnings.add(count, { 'api_terms.api': gate.api, 'api_terms.code': code }),
    },
    (connection) => open.add(-1, of(connection).open),
  )
}

/** Told on the way of the request: what is active then is its span. */
function tracing(gate: Followable, trace: OtelTrace): () => void {
  const following = gate.follow({
    purpose: 'metrics',
    admitted(connection, inUse) {
      const span = trace.getActiveSpan()
      if (!span) return
      const { class: className, holder, id } = connection
      span.addEvent('api_terms.admitted', {
        'api_terms.api': gate.api,
        'api_terms.account': holder.account.id,
        'api_terms.client': holder.client.id,
        'api_terms.class': className,
        'api_terms.connection.id': id,
        'api_terms.connection.in_use': inUse,
      })
    },
    refused(refusal) {
      const span = trace.getActiveSpan()
      if (span) span.addEvent('api_terms.refused', attributesOf(refusal.event()))
    },
  })
  return () => following.stop()
}

function attributesOf({
  api,
  reason,
  clause,
  instance,
  enforced,
  account,
  client,
}: RefusedEvent): Attributes {
  const attributes = {
    'api_terms.api': api,
    'api_terms.reason': reason,
    'api_terms.clause': clause,
    'api_terms.instance': instance,
    'api_terms.enforced': enforced,
    'api_terms.account': account,
    'api_terms.client': client,
  }
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Attributes
}
