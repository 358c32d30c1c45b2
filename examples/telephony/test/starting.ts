import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PATIENCE_MS, scratchFolder, spawnProgram } from './program.js'

/** What the built program says where it cannot start. */
export function describeStarting(name: string, main: URL): void {
  describe(`The start of the program in ${name}`, { timeout: PATIENCE_MS }, () => {
    test('says in a line that its port is in use, and how to have another', async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      onTestFinished(() => void other.close())
      const { port } = other.address() as AddressInfo
      expect(await failed(main, { PORT: `${port}` })).toEqual({
        code: 1,
        said: `port ${port} is in use: PORT=0 npm start takes a free one\n`,
        left: [],
      })
    })

    test('says in a line that it cannot listen there', async () => {
      expect(await failed(main, { HOST: '192.0.2.1' })).toEqual({
        code: 1,
        said: 'cannot listen on 192.0.2.1, port 0: EADDRNOTAVAIL\n',
        left: [],
      })
    })

    test.each(['abc', '3000x', '-1', '65536'])('says in a line that PORT=%s is none', async (PORT) => {
      expect(await failed(main, { PORT })).toEqual({
        code: 1,
        said: `PORT=${PORT} is no port: take a number from 0 to 65535\n`,
        left: [],
      })
    })
  })
}

/** How it ends, what it says of it, and what it leaves behind. */
export async function failed(main: URL, env: Record<string, string>) {
  const folder = await scratchFolder()
  const program = spawnProgram(main, { TMPDIR: folder, ...env }, { stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => void program.kill('SIGKILL'))
  const ended = once(program, 'exit') as Promise<[number | null]>
  const [said, [code]] = await Promise.all([text(program.stderr!), ended])
  return { code, said, left: await readdir(folder) }
}
