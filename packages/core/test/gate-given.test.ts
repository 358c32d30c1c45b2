import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { coverage, createLedger, createUsage, issueKey, type GateOptions } from '@api-terms/core'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { gateWith, TERMS, twoAccounts } from './gate-setting.js'

const options: GateOptions = { terms: TERMS, registry: twoAccounts().registry }
const noGate = /gate: must be a gate: createGate\(options\)/

describe('where a gate belongs', () => {
  test.each<[string, (given: never) => unknown]>([
    ['guardUpgrades', (given) => guardUpgrades(given, createServer(), () => {})],
    ['coverage', (given) => coverage(given)],
    ['a ledger', (given) => createLedger({ sinks: [() => {}] }).follow(given)],
    ['usage', (given) => createUsage().follow(given)],
  ])('anything else is refused at once, with words: %s', (_, give) => {
    expect(() => give(options as never)).toThrow(noGate)
    expect(() => give(undefined as never)).toThrow(noGate)
  })

  test('guardRequests takes its options too, and refuses what is neither', () => {
    expect(guardRequests(options, () => {})).toBeTypeOf('function')
    expect(() => guardRequests({} as never, () => {})).toThrow(/terms: is required/)
  })

  test('a guard without a handler, or without a server, is refused at once', () => {
    const { gate } = gateWith()
    expect(() => guardRequests(gate, undefined as never)).toThrow(/handler: must be a function/)
    expect(() => guardUpgrades(gate, (() => {}) as never, () => {})).toThrow(/server: must be a server/)
    expect(() => guardUpgrades(gate, createServer(), undefined as never)).toThrow(
      /onUpgrade: must be a function/,
    )
  })
})

test('an event that no gate tells is refused, with the one that was likely meant', () => {
  const { gate } = gateWith()
  expect(() => gate.on('refuse' as never, () => {})).toThrow(/refuse: is no event; did you mean refused\?/)
  expect(() => gate.on('refused', undefined as never)).toThrow(/listener/)
})

test('a request that is none rejects with words', async () => {
  const { gate } = gateWith()
  const request = { method: 'GET', url: '/v1/calls', headers: {} }
  await expect(gate.admit(request as never)).rejects.toThrow(/target: must be text/)
})

test('what issueKey is given by place is refused, not left out', () => {
  expect(() => issueKey('live' as never)).toThrow(/must be an object/)
  expect(() => issueKey({ prefx: 'live' } as never)).toThrow(/prefx: is no option; did you mean prefix\?/)
})
