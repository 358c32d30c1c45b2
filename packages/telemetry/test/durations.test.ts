import fc from 'fast-check'
import * as promClient from 'prom-client'
import { describe, expect, test } from 'vitest'
import { DurationHistogram } from '../src/durations.js'

const NAME = 'held_seconds'
const HELP = 'How long.'
const BOUNDS = [0.005, 0.5, 1, 60]

/** A registry with the histogram of the library, and one with ours. */
function bothKinds() {
  const theirs = new promClient.Registry()
  const ours = new promClient.Registry()
  const labelNames = ['api', 'class']
  const histogram = new promClient.Histogram({
    name: NAME,
    help: HELP,
    labelNames,
    buckets: BOUNDS,
    registers: [theirs],
  })
  const durations = new DurationHistogram(NAME, HELP, BOUNDS)
  ours.registerMetric(durations as never)
  return { theirs, ours, histogram, durations }
}

const observed = fc.array(
  fc.record({
    api: fc.constantFrom('telephony', 'sa"ys\\'),
    class: fc.constantFrom('read', 'write'),
    // On the bounds and beside them too; sums of such numbers are exact.
    seconds: fc.oneof(
      fc.constantFrom(...BOUNDS, 0, 60.5),
      fc.integer({ min: 0, max: 800 }).map((n) => n / 8),
    ),
  }),
)

/** As a process sends it to the one that sums all up. There are no exemplars. */
function asSent(metrics: unknown): unknown {
  return JSON.parse(
    JSON.stringify(metrics, (name, value: unknown) => (name === 'exemplar' ? undefined : value)),
  )
}

/** The order of labels says nothing. */
function inOneOrder(text: string): string {
  return text.replaceAll(/\{(.*)\}/g, (_, labels: string) => labels.split(',').toSorted().join(','))
}

describe('the histogram of durations', () => {
  test('tells what that of prom-client would, in every way a registry can be read', async () => {
    await fc.assert(
      fc.asyncProperty(observed, async (all) => {
        const { theirs, ours, histogram, durations } = bothKinds()
        for (const { seconds, ...labels } of all) {
          histogram.observe(labels, seconds)
          durations.of(labels).observe(seconds)
        }
        for (const registry of [theirs, ours]) registry.setDefaultLabels({ app: 'pbx' })
        expect(inOneOrder(await ours.metrics())).toBe(inOneOrder(await theirs.metrics()))
        expect(asSent(await ours.getMetricsAsJSON())).toEqual(asSent(await theirs.getMetricsAsJSON()))
        const summed = async (registry: promClient.Registry) =>
          promClient.AggregatorRegistry.aggregate([
            await registry.getMetricsAsJSON(),
            await registry.getMetricsAsJSON(),
          ] as never).metrics()
        expect(inOneOrder(await summed(ours))).toBe(inOneOrder(await summed(theirs)))
      }),
    )
  })

  test('begins anew where the registry is reset', async () => {
    const { ours, durations } = bothKinds()
    const series = durations.of({ api: 'telephony', class: 'read' })
    series.observe(2)
    ours.resetMetrics()
    series.observe(0.1)
    const text = await ours.metrics()
    expect(text).toContain('held_seconds_sum{api="telephony",class="read"} 0.1')
    expect(text).toContain('held_seconds_bucket{le="60",api="telephony",class="read"} 1')
  })
})
