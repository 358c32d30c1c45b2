export { logTo, type PinoLike } from './log-to.js'
export {
  openTelemetry,
  type OpenTelemetryOptions,
  type OtelMetrics,
  type OtelTrace,
} from './open-telemetry.js'
export type { OtelMeter } from './metered.js'
export { prometheus, type PromClient, type PrometheusOptions } from './prometheus.js'
export type { LabelOptions } from './labels.js'
