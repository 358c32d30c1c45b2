/** A metric of `prom-client` that can be added to. */
export interface Summed {
  inc(labels: Labels, by: number): void
  /** Called as the metric is read. */
  collect?: (() => unknown) | undefined
  reset?(): void
}

export type Labels = Readonly<Record<string, string>>

/** What is yet to be added to a metric under some labels. */
export interface Counted {
  by: number
}

interface CountedOf extends Counted {
  readonly metric: Summed
  readonly labels: Labels
  /** Of what goes up and down: how much there is now, as far as it has been added. */
  level: number | undefined
}

/** Who counts beside a metric. */
const beside = new WeakMap<Summed, Set<Tally>>()

/**
 * Counts beside the metrics, and adds to them as they are read: adding to a metric has its labels checked, sorted and joined, which for
 * each request would be a tenth of what a small answer costs.
 */
export class Tally {
  readonly #metrics = new Set<Summed>()
  readonly #counted: CountedOf[] = []

  /** What is counted of a metric under these labels, which it has from now on. */
  of(metric: Summed, labels: Labels): Counted {
    return this.#count(metric, labels, undefined)
  }

  /** The same of a metric that goes up and down: what there is outlasts a reset. */
  levelOf(metric: Summed, labels: Labels): Counted {
    return this.#count(metric, labels, 0)
  }

  #count(metric: Summed, labels: Labels, level: number | undefined): Counted {
    this.#metrics.add(metric)
    besides(metric).add(this)
    const counted = { metric, labels, by: 0, level }
    this.#counted.push(counted)
    return counted
  }

  /** Adds what was counted to the metrics. */
  flush(): void {
    for (const counted of this.#counted) {
      counted.metric.inc(counted.labels, counted.by)
      if (counted.level !== undefined) counted.level += counted.by
      counted.by = 0
    }
  }

  /** A metric has been reset. */
  restore(reset: Summed): void {
    for (const { metric, labels, level } of this.#counted)
      if (metric === reset && level !== undefined) metric.inc(labels, level)
  }

  /** The metrics keep what was counted. */
  end(): void {
    this.flush()
    for (const metric of this.#metrics) beside.get(metric)?.delete(this)
  }
}

function besides(metric: Summed): Set<Tally> {
  let tallies = beside.get(metric)
  if (tallies) return tallies
  beside.set(metric, (tallies = new Set()))
  const all = tallies
  const { collect, reset } = metric
  metric.collect = () => {
    for (const tally of all) tally.flush()
    return collect?.call(metric)
  }
  // What was counted before is not to come up afterwards.
  metric.reset = () => {
    for (const tally of all) tally.flush()
    reset?.call(metric)
    for (const tally of all) tally.restore(metric)
  }
  return tallies
}
