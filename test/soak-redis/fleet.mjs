// The processes, and what befalls them.
import { fileURLToPath } from 'node:url'
import { issueKey } from '@api-terms/core'
import { Child } from '../child.mjs'

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))

/** What accounts may have open at once. */
export const LIMITS = { one: 1, three: 3, ten: 10 }
export const ACCOUNTS = Object.keys(LIMITS)

export class Fleet {
  /** Those that requests are sent to. */
  members = []
  /** By account, a key of each of its clients. */
  keys = {}
  #options
  #serial = 0

  constructor(options) {
    const clients = []
    for (const account of ACCOUNTS) {
      this.keys[account] = [1, 2].map((number) => {
        const { key, digest } = issueKey()
        clients.push({ id: `${account}-${number}`, account, credentials: [{ digest }] })
        return key
      })
    }
    const accounts = ACCOUNTS.map((id) => ({ id, limits: { read: LIMITS[id], write: 1 } }))
    this.#options = { ...options, records: { accounts, clients }, limits: LIMITS }
  }

  /** One more process. Every other lets requests wait a moment. */
  async join() {
    const serial = ++this.#serial
    const name = `process-${serial}`
    const options = { ...this.#options, name, waitMs: serial % 2 === 0 ? 40 : 0 }
    const child = new Child(SERVER, [JSON.stringify(options)])
    const { port } = await child.ready()
    const member = { name, child, port }
    this.members.push(member)
    return member
  }

  /** No more requests go to it; what it has in hand stays there. */
  drop(member) {
    this.members = this.members.filter((each) => each !== member)
  }
}
