import { EventSource } from 'eventsource'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { TelephonyServer } from '../src/index.js'

/** A client of the API, as its developer would write one. */
export interface Caller {
  fetch(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response>
  eventSource(): EventSource
  webSocket(path?: string): WebSocket
}

/** Calls as one of the demo clients, or, without a client, as nobody. */
export function callerOf(url: string, keys: TelephonyServer['keys'], client?: string): Caller {
  const key = keys.find((issued) => issued.client === client)?.key
  if (client !== undefined && key === undefined) throw new Error(`There is no client ${client}.`)
  const credential: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` }

  const authorized = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, url), {
      ...init,
      headers: { ...(init.headers as Record<string, string>), ...credential },
    })

  return {
    fetch: authorized,
    post: (path, body, signal) =>
      authorized(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
    eventSource: () =>
      new EventSource(`${url}/v1/events`, {
        fetch: (target, init) => fetch(target, { ...init, headers: { ...init.headers, ...credential } }),
      }),
    webSocket(path = '/v1/realtime') {
      return new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers: credential })
    },
  }
}

/** An event as its readers get it. */
export interface ReadEvent {
  readonly id: number
  readonly ringing: number
  readonly answered: number
}

/** The next event, whatever it is read with. */
export function nextEvent(reader: EventSource | WebSocket): Promise<ReadEvent> {
  return new Promise((settle, fail) => {
    const onMessage = ({ data }: { data: unknown }) => settle(JSON.parse(String(data)) as ReadEvent)
    const onError = () => fail(new Error('The stream failed.'))
    if (reader instanceof WebSocket) {
      reader.addEventListener('message', onMessage, { once: true })
      reader.addEventListener('error', onError, { once: true })
    } else {
      reader.addEventListener('message', onMessage, { once: true })
      reader.addEventListener('error', onError, { once: true })
    }
  })
}

/** What a WebSocket that was not to be is answered with. */
export async function refusalOf(
  webSocket: WebSocket,
): Promise<{ status: number; headers: Headers; body: string }> {
  const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage]
  return read(response)
}

/** An upgrade to anything: `fetch` cannot ask for one. */
export async function askUpgrade(url: string, protocol: string, key: string): ReturnType<typeof refusalOf> {
  const asking = request(`${url}/v1/realtime`, {
    headers: { Connection: 'Upgrade', Upgrade: protocol, Authorization: `Bearer ${key}` },
  }).end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return read(response)
}

async function read(response: IncomingMessage): ReturnType<typeof refusalOf> {
  const parts = (await response.toArray()) as Buffer[]
  const headers = new Headers(response.headers as Record<string, string>)
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(parts).toString() }
}
