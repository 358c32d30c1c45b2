import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Runs redis-server for as long as its own stdin is open. That is a pipe from the program, and the system closes it however the program
// ends. Signals to all processes at once are not for this one: the others give their slots back first.
process.on('SIGTERM', () => undefined).on('SIGINT', () => undefined)

const [host = '', port = ''] = process.argv.slice(2)
const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
// Nothing is written to a disk: what is open now is all there is to know.
const settings = ['--bind', host, '--port', port, '--dir', folder, '--save', '', '--loglevel', 'warning']
const server = spawn('redis-server', settings, { stdio: ['ignore', 'ignore', 'inherit'] })
process.stdin.resume().once('close', () => server.kill('SIGKILL'))
// Who waits for an answer of it tells why there is none.
await once(server, 'exit').catch(() => undefined)
await rm(folder, { recursive: true })
process.exit()
