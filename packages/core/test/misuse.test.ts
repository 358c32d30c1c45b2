import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createGate,
  OptionsError,
  type MisuseEvent,
  type MisuseOptions,
  type RequestParts,
} from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { networkOf } from '../src/misuse/network.js'
import { Watch } from '../src/misuse/watch.js'
import { admitted, asking, gateWith, outcomeOf, TERMS, twoAccounts } from './gate-setting.js'

const HOUR_MS = 3_600_000

function watched(misuse: MisuseOptions, changes: { mode?: 'observe'; limits?: { read: number } } = {}) {
  const setting = gateWith({ misuse, limits: { read: 1000 }, ...changes })
  const signs: MisuseEvent[] = []
  setting.gate.on('misuse', (event) => signs.push(event))
  const ask = async (key: string, target?: string, from?: string) => {
    const caller = { secure: true, remoteAddress: from }
    const parts: RequestParts = { ...asking(key, 'GET', target), ...(from !== undefined && { caller }) }
    const outcome = await setting.gate.admit(parts)
    if (outcome.admitted) outcome.release()
    return outcome
  }
  return { ...setting, signs, ask }
}

describe('a credential used from many networks', () => {
  test('is told once within the time, with account, client, hint and clause, and refuses nothing by itself', async () => {
    const { ask, keys, clock, signs } = watched({ networks: { most: 3 } })
    for (let n = 0; n < 10; n++)
      expect(outcomeOf(await ask(keys.crm, '/v1/calls', `192.0.${n}.7`))).toBe('admitted')
    expect(signs).toEqual([
      {
        at: new Date(clock.now()),
        api: 'telephony',
        sign: 'many-networks',
        reason: 'sharing-suspected',
        clause: '4(a)',
        most: 3,
        withinMs: HOUR_MS,
        refuseMs: 0,
        enforced: false,
        account: 'acme',
        client: 'acme-crm',
        credential: 'acme-crm-key',
        hint: expect.stringMatching(/^key_….{4}$/) as string,
      },
    ])
    clock.advance(HOUR_MS)
    for (let n = 0; n < 4; n++) await ask(keys.crm, '/v1/calls', `192.0.${n}.7`)
    expect(signs).toHaveLength(2)
  })

  test('is not one that is used from many addresses of few networks, nor are two credentials', async () => {
    const { ask, keys, signs } = watched({ networks: { most: 3 } })
    for (let n = 0; n < 200; n++) {
      await ask(keys.crm, '/v1/calls', `192.0.2.${n}`)
      await ask(keys.crm, '/v1/calls', `::ffff:192.0.2.${n}`)
      await ask(keys.crm, '/v1/calls', `2001:db8:7:${n}::1`)
      await ask(keys.crm, '/v1/calls', `2001:db8:7::${n}`)
      await ask(keys.wallboard, '/v1/calls', `198.51.100.${n}`)
      await ask(keys.globex, '/v1/calls', undefined)
    }
    expect(signs).toEqual([])
  })

  test('is not one that is used from one network whose addresses are written in several ways', async () => {
    const { ask, keys, signs } = watched({ networks: { most: 1 } })
    const site = ['2001:0:5:6:7:8:9:a', '2001::5:6:7:8:9:a', '2001:0000:0005::1', '2001:0:5:6:7:8:192.0.2.7']
    for (const address of site) await ask(keys.crm, '/v1/calls', address)
    const block = ['192.0.2.1', '::ffff:192.0.2.2', '::FFFF:c000:0203', '0:0:0:0:0:ffff:192.0.2.4']
    for (const address of block) await ask(keys.wallboard, '/v1/calls', address)
    const local = ['fe80::1%eth0', 'fe80::2%eth1', 'fe80:0:0::3']
    for (const address of local) await ask(keys.globex, '/v1/calls', address)
    expect(signs).toEqual([])
    for (const key of Object.values(keys)) await ask(key, '/v1/calls', '2001:0:6::1')
    expect(signs).toHaveLength(3)
  })

  test('is not one whose proxy names what is no address', async () => {
    const { ask, keys, signs } = watched({ networks: { most: 1 } })
    for (const address of [
      'unknown',
      '_hidden',
      '1::2::3',
      '999.0.0.1',
      '10',
      '1.2.3',
      '::1:2:3:4:5:6:7:8:9',
    ])
      await ask(keys.crm, '/v1/calls', address)
    expect(signs).toEqual([])
  })

  test('is refused for as long as the provider says, and no other is', async () => {
    const { ask, keys, clock } = watched({ networks: { most: 2, refuseMs: 60_000 } })
    for (let n = 0; n < 3; n++) await ask(keys.crm, '/v1/calls', `192.0.${n}.7`)
    const refusal = await ask(keys.crm, '/v1/calls', '192.0.1.7')
    if (refusal.admitted) throw new Error('admitted')
    expect(refusal).toMatchObject({ reason: 'sharing-suspected', status: 403, clause: '4(a)' })
    expect(refusal.headers).toMatchObject({ 'Retry-After': '60' })
    expect(outcomeOf(await ask(keys.wallboard, '/v1/calls', '192.0.1.7'))).toBe('admitted')
    clock.advance(60_000)
    expect(outcomeOf(await ask(keys.crm, '/v1/calls', '192.0.1.7'))).toBe('admitted')
  })
})

describe('an account that asks for many ids', () => {
  const ids = { paths: ['/v1/extensions/:id', '/v1/calls/:id'], most: 5 }

  test('is told once for a pattern, whatever the queries, encodings and repetitions', async () => {
    const { ask, keys, signs } = watched({ ids })
    for (let n = 0; n < 5; n++) {
      await ask(keys.crm, `/v1/extensions/${n}`)
      await ask(keys.wallboard, `/v1/extensions/${n}?page=${n}`)
      await ask(keys.crm, `/v1/calls/${n}`)
      await ask(keys.crm, `/v1/other/${n}`)
    }
    await ask(keys.crm, '/v1/extensions/%34')
    expect(signs).toEqual([])
    await ask(keys.wallboard, '/v1/extensions/5')
    await ask(keys.wallboard, '/v1/extensions/6')
    expect(signs).toMatchObject([
      { sign: 'many-ids', account: 'acme', client: 'acme-wallboard', clause: '5(d)' },
    ])
  })

  test('is refused under that pattern only', async () => {
    const { ask, keys } = watched({ ids: { ...ids, refuseMs: 1000 } })
    for (let n = 0; n < 6; n++) await ask(keys.crm, `/v1/extensions/${n}`)
    expect(outcomeOf(await ask(keys.wallboard, '/v1/extensions/1'))).toBe('scraping-suspected')
    expect(outcomeOf(await ask(keys.crm, '/v1/calls/1'))).toBe('admitted')
    expect(outcomeOf(await ask(keys.globex, '/v1/extensions/1'))).toBe('admitted')
  })

  test('gets no more than was fine between one ban and the next, and each is told', async () => {
    const { ask, keys, clock, signs } = watched({ ids: { ...ids, refuseMs: 600_000 } })
    let got = 0
    for (let n = 0; n < HOUR_MS / 1000; n++, clock.advance(1000))
      if ((await ask(keys.crm, `/v1/extensions/${n}`)).admitted) got++
    expect(signs).toHaveLength(6)
    expect(got).toBe(6 * ids.most)
  })

  test('is refused for as long as it was said as it came up, whatever it asks for meanwhile', async () => {
    const { ask, keys, clock, signs } = watched({ ids: { ...ids, withinMs: 1000, refuseMs: 10_000 } })
    for (let n = 0; n < 100; n++, clock.advance(100)) await ask(keys.crm, `/v1/extensions/${n}`)
    expect(signs).toHaveLength(1)
    clock.advance(500)
    expect(outcomeOf(await ask(keys.crm, '/v1/extensions/7'))).toBe('admitted')
  })
})

describe('an account that is often refused at its limit', () => {
  test('is told, and refused as a whole where the provider says so', async () => {
    const { gate, ask, keys, clock, signs } = watched(
      { atLimit: { most: 3, refuseMs: 1000 } },
      { limits: { read: 1 } },
    )
    const held = await admitted(gate, asking(keys.crm))
    for (let n = 0; n < 3; n++) expect(outcomeOf(await ask(keys.wallboard))).toBe('connections-exhausted')
    expect(signs).toEqual([])
    expect(outcomeOf(await ask(keys.wallboard))).toBe('connections-exhausted')
    expect(signs).toMatchObject([{ sign: 'often-at-limit', account: 'acme', clause: '2(d)' }])
    held.release()
    const refusal = await ask(keys.crm)
    expect(refusal).toMatchObject({ reason: 'circumvention-suspected', status: 429 })
    expect(outcomeOf(await ask(keys.globex))).toBe('admitted')
    clock.advance(1000)
    expect(outcomeOf(await ask(keys.crm))).toBe('admitted')
  })
})

test('in observe mode signs are told, and nobody is refused', async () => {
  const { ask, keys, signs, told } = watched({ networks: { most: 1, refuseMs: 1000 } }, { mode: 'observe' })
  for (let n = 0; n < 3; n++)
    expect(outcomeOf(await ask(keys.crm, '/v1/calls', `192.0.${n}.7`))).toBe('admitted')
  expect(signs).toHaveLength(1)
  expect(told.filter(({ name }) => name === 'refused')).toMatchObject([
    { reason: 'sharing-suspected', enforced: false },
    { reason: 'sharing-suspected', enforced: false },
  ])
})

test('what is an address, and of which network, is as the platform says', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '5',
    '00',
    '0db8',
    'FFFF',
    '12345',
    '',
    ':',
    '::',
    '.',
    '192.0.2.7',
    '256',
  )
  const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(':').replaceAll(/:{3,}/g, '::'))
  fc.assert(
    fc.property(fc.oneof(text, fc.ipV6(), fc.ipV4()), (address) => {
      const network = networkOf(address)
      expect(network !== undefined).toBe(isIP(address) !== 0)
      if (isIP(address) !== 6) return
      // Its shortest form, and its longest.
      const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
      const [before = '', after = ''] = short.split('::')
      const groups = [before, after].map((part) => part.split(':').filter(Boolean))
      const zeros = Array.from({ length: 8 - groups.flat().length }, () => '0')
      expect(networkOf(short)).toBe(network)
      expect(networkOf([...groups[0]!, ...zeros, ...groups[1]!].join(':'))).toBe(network)
    }),
    { numRuns: 2000 },
  )
})

test('over HTTP the network is that of the caller behind a trusted proxy', async () => {
  const { registry, keys } = twoAccounts()
  const gate = createGate({
    terms: TERMS,
    registry,
    misuse: { networks: { most: 2, refuseMs: 60_000 } },
    requests: { trustedProxies: ['loopback'] },
  })
  const server = createServer(guardRequests(gate, (_, res) => res.end('hello'))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const statusFrom = async (address: string) => {
    const headers = { 'x-api-key': keys.crm, 'x-forwarded-for': address }
    const [res] = (await once(request({ port, host: '127.0.0.1', headers }).end(), 'response')) as [
      IncomingMessage,
    ]
    res.resume()
    return res.statusCode
  }
  expect(await statusFrom('192.0.2.1')).toBe(200)
  expect(await statusFrom('198.51.100.1')).toBe(200)
  expect(await statusFrom('203.0.113.1')).toBe(403)
  expect(await statusFrom('192.0.2.1')).toBe(403)
  await gate.close()
  server.close()
  server.closeAllConnections()
})

test('what is remembered is bounded, whatever comes', () => {
  const watch = new Watch({ most: 100_000, withinMs: HOUR_MS, refuseMs: 0 })
  for (let subject = 0; subject < 30; subject++)
    for (let value = 0; value < 50_000; value++) watch.isSign(`subject-${subject}`, 0, value)
  const { values, subjects } = watch.held
  expect(values).toBeLessThanOrEqual(200_000)
  expect(subjects).toBeLessThanOrEqual(5)
  for (let subject = 0; subject < 50_000; subject++) watch.isSign(`other-${subject}`, 0, 1)
  expect(watch.held.subjects).toBeLessThanOrEqual(10_000)
  expect(watch.held.values).toBeLessThanOrEqual(200_000)
})

describe('a ban outlasts', () => {
  const is = { most: 2, withinMs: HOUR_MS, refuseMs: HOUR_MS }
  const banned = (watch: Watch) => {
    for (let value = 0; value < 3; value++) watch.isSign('offender', 0, value)
    return watch
  }

  test('however many others come', () => {
    const watch = banned(new Watch(is))
    for (let other = 0; other < 20_000; other++) watch.isSign(`other-${other}`, 1, 1)
    expect(watch.isRefused('offender', 2)).toBe(true)
  })

  test('however much others ask for', () => {
    const watch = banned(new Watch({ ...is, most: 100_000 }))
    for (let value = 0; value <= 100_000; value++) watch.isSign('offender', 0, value)
    for (let other = 0; other < 5; other++)
      for (let value = 0; value < 90_000; value++) watch.isSign(`other-${other}`, 1, value)
    expect(watch.isRefused('offender', 2)).toBe(true)
  })

  test('the bans of so many others; of more, that which ends first is over', () => {
    const watch = banned(new Watch(is))
    const ban = (other: number) => {
      for (let value = 0; value < 3; value++) watch.isSign(`other-${other}`, 1, value)
    }
    for (let other = 1; other < 10_000; other++) ban(other)
    expect(watch.isRefused('offender', 2)).toBe(true)
    ban(0)
    expect(watch.isRefused('offender', 2)).toBe(false)
    expect(watch.isRefused('other-1', 2)).toBe(true)
  })
})

test('wrong options are listed all at once', () => {
  const make = () =>
    gateWith({
      misuse: { networks: { most: 0 }, ids: { paths: ['extensions'], most: 1 }, atLimits: {} } as never,
    })
  expect(make).toThrow(OptionsError)
  expect(make).toThrow(/misuse\.networks\.most: /)
  expect(make).toThrow(/misuse\.ids\.paths\[0\]: must begin with/)
  expect(make).toThrow(/misuse\.atLimits: is no option; did you mean atLimit\?/)
})
