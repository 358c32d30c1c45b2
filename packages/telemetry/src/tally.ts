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
  readonly #counted = new Map<Summed, CountedOf[]>()

  /** What is counted of a metric under these labels, which it has from now on. */
  of(metric: Summed, labels: Labels): Counted {
    return this.#count(metric, { labels, by: 0, level: undefined })
  }

  /** The same of a metric that goes up and down: what there is outlasts a reset. */
  levelOf(metric: Summed, labels: Labels): Counted {
    return this.#count(metric, { labels, by: 0, level: 0 })
  }

  #count(metric: Summed, counted: CountedOf): Counted {
    const known = this.#counted.get(metric)
    if (known) known.push(counted)
    else this.#counted.set(metric, [counted])
    besides(metric).add(this)
    return counted
  }

  /** Adds what was counted to a metric. */
  flush(metric: Summed): void {
    for (const counted of this.#counted.get(metric) ?? []) {
      metric.inc(counted.labels, counted.by)
      if (counted.level !== undefined) counted.level += counted.by
      counted.by = 0
    }
  }

  /** A metric has been reset. */
  restore(metric: Summed): void {
    for (const { labels, level } of this.#counted.get(metric) ?? [])
      if (level !== undefined) metric.inc(labels, level)
  }

  /** The metrics keep what was counted. */
  end(): void {
    for (const metric of this.#counted.keys()) {
      this.flush(metric)
      beside.get(metric)?.delete(this)
    }
  }
}

function besides(metric: Summed): Set<Tally> {
  let tallies = beside.get(metric)
  if (tallies) return tallies
  beside.set(metric, (tallies = new Set()))
  const all = tallies
  const { collect, reset } = metric
  metric.collect = () => {
    for (const tally of all) tally.flush(metric)
    return collect?.call(metric)
  }
  // What was counted before is not to come up afterwards.
  metric.reset = () => {
    for (const tally of all) tally.flush(metric)
    reset?.call(metric)
    for (const tally of all) tally.restore(metric)
  }
  return tallies
}
