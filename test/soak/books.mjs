/** Keeps the books of a gate's events: who was admitted must be released, once. */
export class Books {
  decided = 0
  #held = new Set()
  #count = { admitted: 0, abandoned: 0, refused: {}, ended: {}, warnings: {} }
  #census
  #standing

  constructor(gate, census, standing) {
    this.#census = census
    this.#standing = standing
    gate.on('admitted', (event) => this.#admitted(event))
    gate.on('released', (event) => this.#released(event))
    gate.on('refused', ({ reason }) => this.#decide(this.#count.refused, reason))
    gate.on('warning', ({ code }) => add(this.#count.warnings, code))
    gate.on('abandoned', () => {
      this.decided++
      this.#count.abandoned++
    })
  }

  report() {
    return { ...this.#count, unreleased: this.#held.size }
  }

  #decide(count, reason) {
    this.decided++
    add(count, reason)
  }

  #admitted({ connection, inUse, limit, account, class: className }) {
    this.decided++
    this.#count.admitted++
    if (inUse > limit && inUse > this.#standing.of(account, className))
      this.#census.fault(`the gate told ${inUse} of ${limit} for ${account}/${className}`)
    if (this.#held.has(connection)) this.#census.fault(`${connection} was admitted twice`)
    this.#held.add(connection)
  }

  #released({ connection, why }) {
    if (!this.#held.delete(connection)) this.#census.fault(`${connection} was released, but not held`)
    if (why === undefined) return
    add(this.#count.ended, why)
    this.#census.cutOff(connection)
  }
}

function add(count, name) {
  count[name] = (count[name] ?? 0) + 1
}
