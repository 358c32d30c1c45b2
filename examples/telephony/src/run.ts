import type { TelephonyServer } from './server.js'

/**
 * Runs it as a program. `PORT`: 3000 by default, 0 for any free one. `HOST`: 127.0.0.1 by default, because keys travel in clear
 * over plain HTTP (clause 4(b)). Prints where it listens and, since they are made anew at each start, the keys of the demo accounts.
 */
export async function run(server: TelephonyServer): Promise<void> {
  const { PORT = '3000', HOST = '127.0.0.1' } = process.env
  const url = await server.listen(Number(PORT), HOST)
  console.log(`listening on ${url}`)
  for (const { account, client, key } of server.keys) {
    console.log(`account=${account} client=${client} key=${key}`)
  }
  const stop = () => {
    // The second signal, of somebody who will not wait, kills it as it would any program.
    process.off('SIGTERM', stop).off('SIGINT', stop)
    void server.close()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
}
