import { setTimeout as pause } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import type { Exchanged, Handler, Handlers } from '../subjects.js'

export const OWN_LINK = '<https://provider.example/docs>; rel="service-doc"'

/** The app behind the gate: by path, what its handlers do. */
export const HANDLERS: Handlers = {
  '/open': { answers: { text: 'open' } },
  '/v1/json': { answers: { json: { hello: 'world' } } },
  '/v1/short': { answers: { text: 'short', fields: { 'Cache-Control': 'max-age=5' } } },
  '/v1/long': {
    answers: {
      text: 'long',
      fields: {
        'Cache-Control': 'public, max-age=600',
        Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
        'CDN-Cache-Control': 'max-age=600',
      },
    },
  },
  '/v1/204': { answers: { status: 204 } },
  '/v1/304': { answers: { status: 304, fields: { ETag: '"1"' } } },
  '/v1/throws': { throws: 'out of order' },
  '/v1/fails': { fails: 'out of order' },
  '/v1/unsendable': written((res) => res.writeHead(200, 'caf\u0101')),
  '/v1/write-head-object': written((res) =>
    res.writeHead(200, { 'cache-control': 'max-age=5', Link: OWN_LINK, Vary: 'Accept' }),
  ),
  '/v1/write-head-array': written((res) =>
    res.writeHead(200, [
      'Cache-Control',
      'max-age=5',
      'Link',
      OWN_LINK,
      'Vary',
      'Accept',
      'X-Two',
      '1',
      'x-two',
      '2',
    ]),
  ),
  '/v1/write-head-pairs': written((res) =>
    res.writeHead(200, [
      ['Cache-Control', 'max-age=5'],
      ['Link', OWN_LINK],
      ['Vary', 'Accept'],
      ['X-Two', '1'],
      ['x-two', '2'],
    ] as never),
  ),
  '/v1/write-head-message': written((res) =>
    res.writeHead(200, 'Fine', { 'Cache-Control': 'max-age=5', Link: [OWN_LINK], Vary: 'Accept' }),
  ),
  '/v1/write-head-message-only': written((res) => res.writeHead(200, 'Fine')),
  '/v1/flush': written((res) => res.flushHeaders()),
  '/v1/stream': {
    async does({ res }) {
      for (const word of ['one ', 'two ', 'three ']) {
        ;(res as ServerResponse).write(word)
        await pause(1)
      }
      res.end()
    },
  },
  '/v1/hints': written((res) => res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })),
  '/v1/own-word': {
    does({ res, admission }) {
      admission!.cache({ maxAge: 7 })
      res.end(`${admission!.account.id}/${admission!.client.id}/${admission!.connection.class}`)
    },
  },
  '/v1/who': { does: ({ res, admission }) => void res.end(admission?.account.id ?? 'nobody') },
}

function written(head: (res: ServerResponse) => unknown): Handler {
  return {
    does({ res }: Exchanged) {
      head(res as ServerResponse)
      res.end('done')
    },
  }
}
