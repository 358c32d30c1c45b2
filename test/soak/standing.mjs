// What the provider has said last: limits, suspensions, revocations; and who may still rely on what was said before.

/** Keeps what may hold of limits and accounts at this moment. */
export class Standing {
  #general
  #own = new Map()
  #before = []
  #shutOut = new Map()

  #graceMs

  /**
   * @param graceMs how long after a change a request may begin that had its slot before: one that waited has its credential looked at
   * again before it goes on
   */
  constructor(general, accounts, graceMs) {
    this.#general = general
    this.#graceMs = graceMs
    for (const { id, limits } of accounts) if (limits) this.#own.set(id, limits)
  }

  /** The limit in force. A handler may begin in the turn of a change that its request was admitted just before. */
  of(account, className) {
    const limits = [this.#general, ...this.#before].map((general) => ({
      ...general,
      ...this.#own.get(account),
    }))
    return Math.max(...limits.map((limit) => limit[className] ?? 0))
  }

  /** Says new limits; call it just before they are in force. */
  limit(general) {
    const before = this.#general
    this.#general = { ...before, ...general }
    this.#before.push(before)
    const forget = () => this.#before.splice(this.#before.indexOf(before), 1)
    if (this.#graceMs > 0) setTimeout(forget, this.#graceMs)
    else setImmediate(forget)
  }

  /** Says that nobody comes in any more under this name, from the next turn on. */
  shutOut(name) {
    const state = { inForce: false }
    this.#shutOut.set(name, state)
    setImmediate(() => (state.inForce = true))
  }

  letIn(name) {
    this.#shutOut.delete(name)
  }

  isShutOut(name) {
    return this.#shutOut.get(name)?.inForce === true
  }
}
