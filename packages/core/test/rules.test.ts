import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  memoryRegistry,
  readRecord,
  type Account,
  type Client,
  type HistoryEntry,
  type RegistryError,
} from '@api-terms/core'
import { rulesOf } from '../src/accounts/rules.js'
import { replayed } from '../../../test/registry-replay.js'

// Histories as they were written, and the records that they led to then. Such histories are out there: whoever changes what an
// operation makes of the records leaves these files as they are, and adds one.

const FILES = ['rules-1.json', 'rules-2.json']

interface Written {
  readonly history: readonly HistoryEntry[]
  readonly accounts: readonly Account[]
  readonly clients: readonly Client[]
}

test.each(FILES)('the history in %s leads to the records that it led to', (file) => {
  const { history, accounts, clients } = written(file)
  const state = replayed(history)
  expect(state.accounts).toEqual(Object.fromEntries(accounts.map((each) => [each.id, each])))
  expect(state.clients).toEqual(Object.fromEntries(clients.map((each) => [each.id, each])))
})

test('no kind of operation is left out of them', async () => {
  const error = await memoryRegistry()
    .perform({ kind: '?' } as never, { by: 'ops' })
    .catch((refusal: unknown) => refusal as RegistryError)
  const told = (error as RegistryError).issues[0]!.message.replace('must be one of: ', '').split(', ')
  const kinds = FILES.flatMap((file) => written(file).history.map(({ operation }) => operation.kind))
  expect([...new Set<string>(kinds)].toSorted()).toEqual(told.toSorted())
})

test('no rules of a kind are left out of them', () => {
  const entries = FILES.flatMap((file) => written(file).history)
  for (const kind of new Set(entries.map(({ operation }) => operation.kind))) {
    const rules = entries.filter(({ operation }) => operation.kind === kind).map((entry) => entry.rules ?? 1)
    expect([kind, Math.max(...rules)]).toEqual([kind, rulesOf(kind).rules ?? 1])
  }
})

function written(file: string): Written {
  return readRecord(readFileSync(new URL(file, import.meta.url), 'utf8')) as Written
}
