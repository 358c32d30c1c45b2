import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { vi } from 'vitest'

/** A running nginx with a cache before an app. */
export interface Nginx {
  /** The socket of the server that heeds Vary. */
  readonly heedful: string
  /** The socket of the one whose operator told it to pass over Vary: only Cache-Control protects accounts there. */
  readonly careless: string
  stop(): Promise<void>
}

// Debian keeps servers where an ordinary user's PATH does not look.
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin']

function program(): string {
  const found = FOLDERS.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path))
  if (found) return found
  throw new Error("nginx is not there, before which this has to hold: install Debian's package nginx")
}

/** Starts nginx before the app at this port, in a folder of its own; sockets in it spare a search for free ports. */
export async function startNginx(port: number): Promise<Nginx> {
  const running = await runNginx((folder) => configOf(folder, port), ['heedful', 'careless'])
  const sockets = { heedful: join(running.folder, 'heedful'), careless: join(running.folder, 'careless') }
  return { ...sockets, stop: () => running.stop() }
}

/** Runs nginx until it is stopped, in a folder of its own: there once it listens at all of these sockets in it. */
export async function runNginx(
  configIn: (folder: string) => string,
  sockets: readonly string[],
): Promise<{ readonly folder: string; stop(): Promise<void> }> {
  const binary = program()
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-nginx-'))
  const config = join(folder, 'nginx.conf')
  await writeFile(config, configIn(folder))
  const child = spawn(binary, ['-p', folder, '-c', config, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.race([
      Promise.all(sockets.map((name) => listening(join(folder, name)))),
      exited.then(() => Promise.reject(new Error(`nginx did not start: ${complaints}`))),
    ])
  } catch (error) {
    await stop()
    throw error
  }
  return { folder, stop }
}

async function listening(path: string): Promise<void> {
  const attempt = async () => {
    const socket = connect(path)
    await once(socket, 'connect').finally(() => socket.destroy())
  }
  await vi.waitFor(attempt, { timeout: 10_000, interval: 5 })
}

/**
 * As a careless operator has it: the key of an entry is the target alone, and only header fields decide what is kept
 * (no `proxy_cache_valid`). One process in the foreground, so that its id is all there is to stop.
 */
function configOf(folder: string, port: number): string {
  const server = (name: string, more = '') => `
  proxy_cache_path ${folder}/${name}-cache keys_zone=${name}:1m use_temp_path=off;
  server {
    listen unix:${folder}/${name};
    location / {
      proxy_pass http://app;
      proxy_cache ${name};
      proxy_cache_key $request_uri;
      proxy_cache_revalidate on;
      add_header X-Cache-Status $upstream_cache_status always;
      ${more}
    }
  }`
  return nginxConfig(
    folder,
    `
  upstream app { server 127.0.0.1:${port}; keepalive 8; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  ${server('heedful')}
  ${server('careless', 'proxy_ignore_headers Vary;')}`,
  )
}

/** All of a configuration but what is special: one process in the foreground, and nothing outside the folder. */
export function nginxConfig(folder: string, http: string): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${places.map((place) => `${place}_temp_path ${folder}/${place};`).join('\n  ')}
  ${http}
}
`
}
