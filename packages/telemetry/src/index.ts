export { logTo, type PinoLike } from './log-to.js'
export {
  openTelemetry,
  type OpenTelemetryOptions,
  type OtelMeter,
  type OtelMetrics,
  type OtelTrace,
} from './open-telemetry.js'
export { prometheus, type PromClient, type PrometheusOptions } from './prometheus.js'
export type { LabelOptions } from './labels.js'
