import { KEYS, type KeyName } from '../battery/accounts.js'
import type { Running } from '../subjects.js'
import { answerOf, Http2Caller } from './http2.js'
import { RawCaller } from './raw.js'
import type { Received } from './received.js'

/** A request, whatever the version of HTTP. */
export interface Asked {
  readonly method?: string
  readonly target?: string
  readonly fields?: readonly (readonly [string, string])[]
  /** Whose key goes with it, as a Bearer token. Default: acme's. `null`: none. */
  readonly key?: KeyName | null
  readonly body?: string
}

/** Asks once, over a connection of its own. */
export async function ask(running: Running, asked: Asked): Promise<Received> {
  const { method = 'GET', target = '/v1/json', body = '' } = asked
  const fields = fieldsOf(asked)
  if (running.subject.http2) {
    const caller = await Http2Caller.to(running.port)
    try {
      return await answerOf(caller.open(method, target, fields, body))
    } finally {
      caller.close()
    }
  }
  const caller = await RawCaller.to(running.port)
  try {
    return await caller.ask(method, target, fields, body).answer(method)
  } finally {
    caller.socket.destroy()
  }
}

export function fieldsOf({ fields = [], key = 'acme' }: Asked): (readonly [string, string])[] {
  return key === null ? [...fields] : [bearer(key), ...fields]
}

export function bearer(key: KeyName): readonly [string, string] {
  return ['Authorization', `Bearer ${KEYS[key]}`]
}
