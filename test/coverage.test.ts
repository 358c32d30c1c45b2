import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import {
  coverage,
  createGate,
  createLedger,
  createUsage,
  memoryRegistry,
  type ClauseCoverage,
  type GateOptions,
} from '@api-terms/core'
import * as core from '@api-terms/core'
import { DUTIES } from '../packages/core/src/clauses/duties.js'
import { LEFT_TO_PEOPLE } from '../packages/core/src/clauses/left-to-people.js'
import { REASONS } from '../packages/core/src/refusal.js'
import { tableUnder } from './docs/blocks.js'
import { namesOfSchema } from './docs/options.js'
import { ROOT } from './sources.js'

// The Terms, the reasons, the documents and what coverage tells list the same, both ways.

const url = 'https://provider.example/terms'

const LEAST: GateOptions = { terms: { url }, registry: { findByDigest: async () => undefined } }

const MOST: GateOptions = {
  terms: {
    url,
    versions: [{ version: '1', effectiveAt: new Date(0) }],
    licence: 'https://provider.example/licence',
  },
  registry: memoryRegistry(),
  registration: { reviewMs: 1, requires: ['contacts', 'privacyPolicyUrl'], whenStale: 'refuse' },
  credentials: { clientHeader: 'x-client-id' },
  connections: { store: sharedStore() },
  requests: {
    paths: ['/v1/calls'],
    mediaTypes: ['application/json'],
    block: [{ path: '/v1/secret' }],
    maxBodyBytes: 100,
    https: true,
  },
  misuse: {
    networks: { most: 3, refuseMs: 1 },
    ids: { paths: ['/v1/calls/:id'], most: 3, refuseMs: 1 },
    atLimit: { most: 3, refuseMs: 1 },
  },
}

/** What each of these leaves open is named in the remedies. */
const CARELESS: GateOptions = {
  ...MOST,
  terms: { ...MOST.terms, acceptance: 'notify' },
  credentials: { format: 'any' },
  connections: { whenStoreFails: 'admit', stallMs: Infinity, maxHoldMs: Infinity },
  misuse: { networks: { most: 3 } },
  caching: { default: 'public, max-age=1', rules: [{ path: '/v1/a', policy: { visibility: 'public' } }] },
  skip: () => false,
}

/** One that does not say that it counts for one process alone. */
function sharedStore(): core.ConnectionStore {
  const { acquire, release, setLimit, close } = bound(core.memoryConnections())
  return { acquire, release, setLimit, close }
}

function bound(store: core.ConnectionStore): core.ConnectionStore {
  return new Proxy(store, {
    get: (_, name) => (store[name as 'acquire'] as unknown as () => unknown).bind(store),
  })
}

function coveredBy(options: GateOptions, attached = false): ClauseCoverage[] {
  const gate = createGate(options)
  const ledger = createLedger({ sinks: [() => {}] })
  const usage = createUsage()
  if (attached) {
    ledger.follow(gate)
    usage.follow(gate)
    gate.follow({ purpose: 'metrics' })
    gate.on('notice', () => {}).on('refused', () => {})
  }
  const rows = coverage(gate)
  void Promise.all([gate.close(), ledger.close(), usage.close()])
  return rows
}

const ALL = [
  ...coveredBy(LEAST),
  ...coveredBy(MOST),
  ...coveredBy(MOST, true),
  ...coveredBy(CARELESS),
  ...coveredBy({ ...MOST, mode: 'observe' }, true),
]
const keyOf = ({ clause, asks }: { clause: string; asks: string }) => `${clause} ${asks}`
const MAP = [...DUTIES, ...LEFT_TO_PEOPLE]

describe('the map of clauses', () => {
  test.each([
    ['with the least options', coveredBy(LEAST)],
    ['with the most', coveredBy(MOST, true)],
    ['in observe mode', coveredBy({ ...MOST, mode: 'observe' })],
  ])('is told whole %s, in the order of the Terms', (_, rows) => {
    expect(rows.map(keyOf).toSorted()).toEqual(MAP.map(keyOf).toSorted())
    const clauses = rows.map(({ clause }) => clause)
    expect(clauses).toEqual(clauses.toSorted((one, other) => (one < other ? -1 : Number(one > other))))
  })

  test('has the clauses of the Terms', () => {
    const clauses = new Set(MAP.map(({ clause }) => clause))
    expect([...clauses].toSorted().join(' ')).toBe(
      '1(a) 1(b) 1(c) 1(d) 2(a) 2(b) 2(c) 2(d) 2(e) 2(f) 2(g) 2(h) 3(a) 3(b) 3(c) 3(d) ' +
        '4(a)1 4(a)2 4(a)3 4(a)4 4(a)5 4(a)6 4(a)7 4(a)8 4(a)9 4(b)1 4(b)2 ' +
        '5(a) 5(b) 5(c) 5(d)1 5(d)2 5(d)3 5(d)4 6(a) 6(b) 6(c) 7 8(a) 8(b)',
    )
  })

  test('is met where everything is set and followed, as firmly as it can be, with nothing open', () => {
    const rows = coveredBy(MOST, true)
    expect(rows.flatMap(({ gaps }) => gaps)).toEqual([])
    const firmness = { E: 'enforced', L: 'kept in records', M: 'monitored' } as const
    const softer = DUTIES.filter(({ means, ...duty }) => {
      const { met } = rows.find((row) => keyOf(row) === keyOf(duty))!
      return met !== 'enforced' && (means.includes('E') || !means.some((each) => firmness[each] === met))
    })
    expect(softer).toEqual([])
  })
})

describe('under the options given', () => {
  const rowOf = (clause: string, options: GateOptions, about = '') =>
    coveredBy(options).find((row) => row.clause === clause && row.asks.includes(about))!
  const remedies = (row: ClauseCoverage) => row.gaps.map(({ remedy }) => remedy)

  test.each(['1(a)', '1(b)', '8(a)'])('without versions of the Terms %s is not met', (clause) => {
    const row = rowOf(clause, LEAST)
    expect([row.met, row.by, remedies(row)]).toEqual(['not met', [], ['set terms.versions']])
    expect(rowOf(clause, MOST).met).toBe('enforced')
  })

  test('where clients are only asked to accept, acceptance is not enforced', () => {
    const row = rowOf('8(a)', CARELESS)
    expect(row.met).toBe('kept in records')
    expect(remedies(row)).toEqual(["set terms.acceptance to 'enforce'"])
  })

  test('in observe mode nothing is enforced that refuses, ends or answers', () => {
    const rows = coveredBy({ ...MOST, mode: 'observe' })
    const enforced = rows.filter(({ met }) => met === 'enforced').map(({ clause }) => clause)
    // What is never shown is not shown then either, and keys are kept as digests.
    expect(enforced).toEqual(['3(b)', '3(d)', '4(a)7', '4(b)1'])
    expect(rowOf('2(d)', { ...MOST, mode: 'observe' })).toMatchObject({
      met: 'monitored',
      gaps: [{ by: 'mode', remedy: "set mode to 'enforce'" }],
    })
    expect(rowOf('4(a)9', { ...MOST, mode: 'observe' }).met).toBe('not met')
  })

  test('where plain HTTP is taken, part of 4(b)1 is open', () => {
    const row = rowOf('4(b)1', { ...MOST, requests: { https: false } })
    expect([row.met, remedies(row)]).toEqual(['enforced', ['set requests.https to true']])
  })

  test('where each of several processes counts for itself, the limit is open', () => {
    const alone = { ...MOST, connections: {} }
    expect(remedies(rowOf('2(d)', alone, 'its limits'))).toEqual([])
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
    vi.stubEnv('NODE_APP_INSTANCE', '1')
    expect(remedies(rowOf('2(d)', alone, 'its limits'))[0]).toContain('redisConnections')
    expect(
      remedies(rowOf('2(d)', { ...alone, connections: { store: core.memoryConnections() } }, 'its limits')),
    ).toHaveLength(1)
    expect(remedies(rowOf('2(d)', MOST, 'its limits'))).toEqual([])
    vi.unstubAllEnvs()
    warned.mockRestore()
  })

  test('a registry that only looks up keeps no records of what is done, and ends nothing that is open', () => {
    expect(remedies(rowOf('3(a)', LEAST, 'suspended'))).toEqual([
      'give a registry that tells of changes: onChange(listener)',
    ])
    expect(rowOf('6(a)', LEAST)).toMatchObject({ met: 'enforced', by: ['registry'] })
    expect(rowOf('6(a)', MOST).by).toEqual(['registry', 'registry.terminate', 'registry.onChange'])
  })

  test('a ledger, usage and listeners count from when they follow until they leave', async () => {
    const gate = createGate(LEAST)
    const met = (clause: string, about = '') =>
      coverage(gate).find((row) => row.clause === clause && row.asks.includes(about))!
    const [usage, ledger] = [createUsage(), createLedger({ sinks: [() => {}] })]
    expect([met('4(a)3').met, met('3(a)', 'monitored').by]).toEqual(['not met', ['gate.connections']])
    const [noUsage, noLedger] = [usage.follow(gate), ledger.follow(gate)]
    expect([met('4(a)3').met, met('3(a)', 'monitored').by]).toEqual([
      'monitored',
      ['gate.connections', 'createLedger'],
    ])
    noUsage()
    noLedger()
    expect([met('4(a)3').met, met('3(a)', 'monitored').by]).toEqual(['not met', ['gate.connections']])
    const listener = () => {}
    gate.on('notice', listener)
    expect(met('2(f)').met).toBe('monitored')
    gate.off('notice', listener)
    expect(met('2(f)').met).toBe('not met')
    await Promise.all([gate.close(), usage.close(), ledger.close()])
  })

  test('what the caller changes in its object later changes nothing', async () => {
    const options = { ...LEAST, requests: { https: false, paths: ['/v1/calls'] } }
    const gate = createGate(options)
    const before = coverage(gate)
    options.requests.https = true
    options.requests.paths.pop()
    expect(coverage(gate)).toEqual(before)
    await gate.close()
  })
})

describe('reasons', () => {
  const isPartOf = (clause: string, whole: string) =>
    clause === whole || (clause.startsWith(whole) && /^[(\d]/.test(clause.slice(whole.length)))

  test.each(Object.entries(REASONS))('%s stands under its clause', (reason, { clause }) => {
    const under = DUTIES.filter(({ reasons }) => reasons.includes(reason as core.Reason))
    expect(under).not.toEqual([])
    if (clause !== undefined) expect(under.some((duty) => isPartOf(duty.clause, clause))).toBe(true)
  })
})

describe('what meets a clause, and what would', () => {
  const operations = tableUnder('README.md', 'What a registry does').flatMap(([cell = '']) =>
    cell.replaceAll('`', '').split(', '),
  )
  const members = tableUnder('packages/core/README.md', 'A gate').flatMap(([cell = '']) =>
    [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name),
  )
  const events = tableUnder('README.md', 'Events').map(([cell = '']) => cell.replaceAll('`', ''))
  const known = new Set([
    ...namesOfSchema(),
    ...Object.keys(core),
    ...operations.map((name) => `registry.${name}`),
    'registry.onChange',
    ...members.map((name) => `gate.${name}`),
    ...events.map((name) => `gate.on('${name}')`),
    '@api-terms/telemetry',
  ])
  const named = [...new Set(ALL.flatMap(({ by, gaps }) => [...by, ...gaps.map((gap) => gap.by)]))]

  test.each(named)('%s is something that there is', (name) => {
    expect([...known]).toContain(name)
  })

  test('is told in the table of clauses, with what is asked and refused', () => {
    const rows = tableUnder('packages/core/README.md', 'Clauses')
    expect(rows.map((row) => row.join(' | '))).toEqual(tableOfClauses())
  })
})

/** A table as it has to be, from the map. */
function tableOfClauses(): string[] {
  const written = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')
  return coveredBy(LEAST).map((row) => {
    const duty = DUTIES.find((each) => keyOf(each) === keyOf(row))
    if (!duty) return [row.clause, row.asks, 'left to people', '', ''].join(' | ')
    const all = ALL.filter((each) => keyOf(each) === keyOf(row))
    const by = [...new Set(all.flatMap((each) => [...each.by, ...each.gaps.map((gap) => gap.by)]))]
    const means = { E: 'enforced', L: 'kept in records', M: 'monitored' } as const
    return [
      row.clause,
      row.asks,
      duty.means.map((each) => means[each]).join(', '),
      by.length === 0 ? 'built in' : written(by.filter((name) => name !== 'mode')),
      written(duty.reasons),
    ].join(' | ')
  })
}

describe('tests over HTTP', () => {
  const place = String.raw`\d\([a-z]\)\d?`
  const titled = new RegExp(`(?:^\\s*|\\()['\`](${place}(?:, ${place})*): `, 'gm')
  const titles = readdirSync(join(ROOT, 'test/clauses'))
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => [...readFileSync(join(ROOT, 'test/clauses', name), 'utf8').matchAll(titled)])
    .flatMap(([, clauses = '']) => clauses.split(', '))

  test.each([...new Set(DUTIES.map(({ clause }) => clause))])('are named after %s', (each) => {
    expect(titles).toContain(each)
  })

  test('are named after clauses of the Terms', () => {
    const clauses = new Set(MAP.map(({ clause }) => clause))
    expect(titles.filter((title) => !clauses.has(title))).toEqual([])
  })
})
