import type { Followable, RefusedEvent } from '@api-terms/core'
import { checkOptions, having, PER_ACCOUNT } from './checked.js'
import { accountLabels, endLabel, madeOnce, ofConnections, type LabelOptions } from './labels.js'
import { meteredBy, type Attributes, type OtelMeter } from './metered.js'
import { measure } from './observed.js'

/** The SDK tells 2000 series of an instrument apart and puts the rest together: of bytes, two APIs with two classes make eight for each account. */
const MOST_ACCOUNTS = 200

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
  const accountOf = accountLabels(perAccount, MOST_ACCOUNTS)
  const metered = meteredBy(meter)
  const { durations } = metered
  const labelled = (attributes: Attributes, label: string | undefined): Attributes => ({
    'api_terms.api': gate.api,
    ...attributes,
    ...(label !== undefined && { 'api_terms.account': label }),
  })
  const of = ofConnections(accountOf, (className, label) => {
    const whose = (more: Attributes = {}) => labelled({ 'api_terms.class': className, ...more }, label)
    return {
      open: metered.open(whose()),
      received: metered.io(whose({ 'network.io.direction': 'receive' })),
      sent: metered.io(whose({ 'network.io.direction': 'transmit' })),
      ended: madeOnce((end: string) => whose({ 'api_terms.end': end })),
    }
  })
  const refusalsOf = madeOnce((reason: string) =>
    madeOnce((label: string | undefined) =>
      metered.refusals(labelled({ 'api_terms.reason': reason }, label)),
    ),
  )

  return measure(
    gate,
    {
      opened: (connection) => void of(connection).open.by++,
      refused: ({ reason, account }) => void refusalsOf(reason)(accountOf(account?.id ?? '')).by++,
      carried(connection, bytesIn, bytesOut) {
        const { received, sent } = of(connection)
        received.by += bytesIn
        sent.by += bytesOut
      },
      closed(connection, heldMs, why) {
        const about = of(connection)
        about.open.by--
        durations.record(heldMs / 1000, about.ended(endLabel(why)))
      },
      warned({ code, count }) {
        metered.warnings(labelled({ 'api_terms.code': code }, undefined)).by += count
      },
    },
    (connection) => void of(connection).open.by--,
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
