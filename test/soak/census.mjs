// What the handlers see by themselves: how many of them are at work, by account and class, and whether that is too many.

/** The list of complaints is cut there: one is enough to fail. */
const MOST_FAULTS = 20

export class Census {
  /** Everything that must not have happened. */
  faults = []
  /** By account and class: the most that were open at once, and how often the limit was full. */
  seen = {}
  #open = new Map()
  #byGroup = new Map()
  #limits
  #perSocket = new WeakMap()

  /** @param limits says which limits of an account's class are in force */
  constructor(limits) {
    this.#limits = limits
  }

  fault(text) {
    if (this.faults.length < MOST_FAULTS) this.faults.push(text)
  }

  /**
   * A handler begins. It counts until its response has closed, or the socket of its request, and until all work that it says to hold
   * has settled.
   *
   * @returns a function that takes such work
   */
  enter(req, carrier, { account, connection: { id, class: className } }) {
    const entry = { id, group: `${account.id}/${className}`, holds: 1 }
    this.#open.set(id, entry)
    this.#byGroup.set(entry.group, (this.#byGroup.get(entry.group) ?? 0) + 1)
    this.#compare(entry.group, this.#limits.of(account.id, className))
    let closed = false
    const close = () => {
      if (closed) return
      closed = true
      this.#perSocket.get(req.socket)?.delete(close)
      this.#letGo(entry)
    }
    carrier.on('close', close)
    if (req.httpVersionMajor === 1) this.#onSocketClose(req.socket, close)
    return (work) => {
      entry.holds++
      work.then(
        () => this.#letGo(entry),
        () => this.#letGo(entry),
      )
    }
  }

  /** The gate has cut a connection off: its slot is free at once, while the response tells of its end some turns later. */
  cutOff(id) {
    const entry = this.#open.get(id)
    if (entry) this.#over(entry)
  }

  /** The ids of all that is open now. */
  open() {
    return new Set(this.#open.keys())
  }

  #letGo(entry) {
    if (--entry.holds === 0) this.#over(entry)
  }

  #over({ id, group }) {
    if (this.#open.delete(id)) this.#byGroup.set(group, this.#byGroup.get(group) - 1)
  }

  #compare(group, limit) {
    const count = this.#byGroup.get(group)
    const seen = (this.seen[group] ??= { most: 0, full: 0, limit: 0 })
    seen.most = Math.max(seen.most, count)
    seen.limit = Math.max(seen.limit, limit)
    if (count === limit) seen.full++
    if (count > limit) this.fault(`${count} of ${limit} ${group} connections were open`)
  }

  /** One listener per socket: those of many pipelined requests would look like a leak. */
  #onSocketClose(socket, close) {
    let closers = this.#perSocket.get(socket)
    if (!closers) {
      this.#perSocket.set(socket, (closers = new Set()))
      socket.on('close', () => {
        for (const each of [...closers]) each()
      })
    }
    closers.add(close)
  }
}
