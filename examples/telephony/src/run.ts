import type { IssuedKey } from './accounts.js'
import type { TelephonyServer } from './server.js'

/**
 * Runs it as a program. `PORT`: 3000 by default, 0 for any free one. `HOST`: 127.0.0.1 by default, because keys travel in clear
 * over plain HTTP (clause 4(b)). Prints where it listens and, since they are made anew at each start, the keys of the demo accounts.
 */
export async function run(server: TelephonyServer): Promise<void> {
  const { port, host } = address()
  announce(await server.listen(port, host), server.keys)
  const stop = () => {
    // The second signal, of somebody who will not wait, kills it as it would any program.
    process.off('SIGTERM', stop).off('SIGINT', stop)
    void server.close()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
}

/** Where to listen. */
export function address(): { port: number; host: string } {
  const { PORT = '3000', HOST = '127.0.0.1' } = process.env
  return { port: Number(PORT), host: HOST }
}

export function announce(url: string, keys: readonly IssuedKey[]): void {
  console.log(`listening on ${url}`)
  for (const { account, client, key } of keys) console.log(`account=${account} client=${client} key=${key}`)
}
