import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createGate, memoryConnections, memoryRegistry, type Gate, type GateOptions } from '@api-terms/core'

const terms = { url: 'https://provider.example/terms' }

/** The codes of what each gate warns of as it is built, one after the other. */
async function warnedOf(...all: readonly Partial<GateOptions>[]): Promise<string[][]> {
  const registry = memoryRegistry()
  const gates: Gate[] = []
  const codes = all.map((options) => {
    const told: string[] = []
    gates.push(createGate({ terms, registry, ...options }).on('warning', ({ code }) => told.push(code)))
    return told
  })
  await turn()
  await Promise.all(gates.map((gate) => gate.close()))
  return codes
}

test('a second gate of one API warns that the two count apart: each would admit as many as the limit', async () => {
  expect(await warnedOf({ api: 'calls' }, { api: 'calls' }, { api: 'meetings' })).toEqual([
    [],
    ['api-in-two-gates'],
    [],
  ])
})

test('gates with other accounts, or that share a store, do not', async () => {
  const store = memoryConnections()
  expect(await warnedOf({}, { registry: memoryRegistry() })).toEqual([[], []])
  expect(await warnedOf({ connections: { store } }, { connections: { store } })).toEqual([[], []])
})

test('nor does one that observes, since it counts nobody in', async () => {
  expect(await warnedOf({}, { mode: 'observe' })).toEqual([[], []])
})

test('a registry may be frozen, or stand behind a proxy that lets nothing be put on it', async () => {
  const frozen = Object.freeze({ findByDigest: () => Promise.resolve(undefined) })
  const guarded = new Proxy(memoryRegistry(), { defineProperty: () => false })
  const answering = new Proxy({ ...frozen }, { get: () => () => undefined })
  for (const registry of [frozen, guarded, answering])
    expect(await warnedOf({ registry }, { registry })).toEqual([[], ['api-in-two-gates']])
})

test('nor does one that takes the place of another that was closed', async () => {
  const registry = memoryRegistry()
  expect(await warnedOf({ registry })).toEqual([[]])
  expect(await warnedOf({ registry })).toEqual([[]])
})
