import { createGate } from '@api-terms/core'
import { expect, test } from 'vitest'
import { gateOptions, KEYS } from './battery/accounts.js'
import { HANDLERS } from './battery/handlers.js'
import { inUse } from './battery/running.js'
import { RawCaller } from './callers/raw.js'
import { SUBJECTS } from './subjects.js'

const HTTP1 = SUBJECTS.filter(({ http2 }) => !http2)

test.each(HTTP1)(
  'over $name a request that calls itself HTTP/2.0 without being it is answered like any other',
  async (subject) => {
    const answers: number[] = []
    await inUse(subject, createGate(gateOptions()), HANDLERS, {}, async (running) => {
      for (const key of [KEYS.acme, KEYS.stranger]) {
        const caller = await RawCaller.to(running.port)
        caller.send('GET /v1/json HTTP/2.0', 'Host: gate.test', `Authorization: Bearer ${key}`, '', '')
        const answer = await caller.answer()
        answers.push(answer.status)
        caller.socket.destroy()
      }
    })
    expect(answers).toEqual([200, 401])
  },
)
