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
    this.#metrics.add(metric)
    besides(metric).add(this)
    const counted = { metric, labels, by: 0 }
    this.#counted.push(counted)
    return counted
  }

  /** Adds what was counted to the metrics. */
  flush(): void {
    for (const counted of this.#counted) {
      counted.metric.inc(counted.labels, counted.by)
      counted.by = 0
    }
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
  }
  return tallies
}
