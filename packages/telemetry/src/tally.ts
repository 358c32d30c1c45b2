/** A metric of `prom-client` that can be added to. */
export interface Summed {
  inc(labels: Labels, by: number): void
  /** Called as the metric is read. */
  collect?: (() => unknown) | undefined
}

export type Labels = Readonly<Record<string, string>>

/** Adds to what is counted under some labels. */
export type Add = (by: number) => void

interface Counted {
  readonly metric: Summed
  readonly labels: Labels
  by: number
}

/** Who counts beside a metric. */
const beside = new WeakMap<Summed, Set<Tally>>()

/**
 * Counts beside the metrics, and adds to them as they are read: adding to a metric has its labels checked, sorted and joined, which for
 * each request would be a tenth of what a small answer costs.
 */
export class Tally {
  readonly #metrics = new Set<Summed>()
  readonly #counted: Counted[] = []

  /** What is counted of a metric under these labels, which it has from the first time on that something is added. */
  of(metric: Summed, labels: Labels): Add {
    this.#metrics.add(metric)
    besides(metric).add(this)
    let counted: Counted | undefined
    return (by) => {
      if (counted) counted.by += by
      else this.#counted.push((counted = { metric, labels, by }))
    }
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
  const { collect } = metric
  metric.collect = () => {
    for (const tally of all) tally.flush()
    return collect?.call(metric)
  }
  return tallies
}
