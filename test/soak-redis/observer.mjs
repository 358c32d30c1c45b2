// Who is at work, counted by the handlers themselves, in another Redis and by another means: a set of names, which nothing but its owner
// takes out again. What the store believes plays no part in it.
import { createClient } from 'redis'

const ENTER = `
redis.call('INCR', 'entered')
redis.call('SADD', KEYS[1], ARGV[1])
local inside = redis.call('SCARD', KEYS[1])
for _, most in ipairs({'ever', 'lately'}) do
  if inside > tonumber(redis.call('HGET', most, KEYS[1]) or 0) then redis.call('HSET', most, KEYS[1], inside) end
end
if inside > tonumber(ARGV[2]) then
  local time = redis.call('TIME')
  redis.call('RPUSH', 'over', KEYS[1] .. ' ' .. inside .. ' ' .. time[1] * 1000 + math.floor(time[2] / 1000))
end`

export class Observer {
  #client
  #serial = 0

  static async at(url) {
    return new Observer(await createClient({ url }).connect())
  }

  constructor(client) {
    this.#client = client
  }

  close() {
    this.#client.destroy()
  }

  /** A handler of this process begins. Answers what tells of its end. */
  async enter(process, account, limit) {
    const name = `${process}.${++this.#serial}`
    await this.#client.eval(ENTER, { keys: [account], arguments: [name, `${limit}`] })
    return () => this.#client.sRem(account, name)
  }

  /** A process is dead, or stopped: nobody in it does anything. */
  async forget(process, accounts) {
    for (const account of accounts) {
      const names = (await this.#client.sMembers(account)).filter((name) => name.startsWith(`${process}.`))
      if (names.length > 0) await this.#client.sRem(account, names)
    }
  }

  /** How many of a process are at work for an account. */
  async inside(process, account) {
    return (await this.#client.sMembers(account)).filter((name) => name.startsWith(`${process}.`)).length
  }

  /** How many are at work for an account, in all processes. */
  insideAll(account) {
    return this.#client.sCard(account)
  }

  /** By account, the most that have been at work at once, `ever` or `lately`. */
  async most(when) {
    const most = await this.#client.hGetAll(when)
    return Object.fromEntries(Object.entries(most).map(([account, count]) => [account, Number(count)]))
  }

  /** From now on is lately. */
  async beginLately() {
    await this.#client.del('lately')
  }

  async entered() {
    return Number(await this.#client.get('entered'))
  }

  /** Each time that more were at work than the limit. */
  async over() {
    const lines = await this.#client.lRange('over', 0, -1)
    return lines.map((line) => {
      const [account, inside, at] = line.split(' ')
      return { account, inside: Number(inside), at: Number(at) }
    })
  }

  /** By the clock that `over` tells. */
  async now() {
    const [seconds, microseconds] = await this.#client.sendCommand(['TIME'])
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }
}
