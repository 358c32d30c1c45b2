import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { OPERATION_CLAUSES } from '../packages/core/src/accounts/clauses.js'
import { REASONS } from '../packages/core/src/refusal.js'
import { tableUnder } from './docs/blocks.js'
import { commentOf, hasComment, publicNames } from './docs/comments.js'
import { memberOf, moduleOfNames, moduleOfOptions, namesOfSchema } from './docs/options.js'
import { scratchFolder } from './docs/running.js'
import { typeFaults } from './docs/typed.js'

// The tables of the READMEs and the code list the same names, both ways.

const folder = scratchFolder()
afterAll(folder.remove)

const bare = (cell = '') => cell.replaceAll('`', '')
const firstOf = (rows: readonly string[][]) => rows.map(([first]) => bare(first))
const listIn = (cell = '') => bare(cell).split(', ').filter(Boolean)

describe('the table of options', () => {
  const rows = tableUnder('README.md', 'Every option')

  test('has the names that are checked at start-up', () => {
    expect(firstOf(rows).toSorted()).toEqual(namesOfSchema().toSorted())
  })

  test('has the names of the types', { timeout: 60_000 }, async () => {
    expect(await typeFaultsOf(moduleOfOptions(firstOf(rows)))).toBe('')
  })

  test.each(rows.map(([name = '', , , value = '']) => [bare(name), value] as const))(
    '%s has a comment in the sources, which tells the same default: %s',
    (name, value) => {
      const comment = commentOf(...memberOf(name))
      expect(comment).not.toBe('')
      // Others are put in words.
      const isLiteral = /^(`[^`]+`|\d+|[A-Z, ]+)$/.test(value)
      if (isLiteral) expect(plain(comment)).toContain(plain(value))
    },
  )
})

test('everything that the packages export has a comment', () => {
  expect(publicNames().filter((name) => !hasComment(name))).toEqual([])
})

describe('the table of reasons', () => {
  const rows = tableUnder('README.md', 'Reasons')

  test('tells the status and the clause of every reason', () => {
    const told = rows.map(([reason, status, clause]) => [bare(reason), status, clause])
    const facts = Object.entries(REASONS).map(([reason, { status, clause }]) => [
      reason,
      String(status),
      clause ?? '',
    ])
    expect(told).toEqual(facts)
  })

  test('tells when each is given, and caller and provider what to do about it', () => {
    expect(firstOf(rows)).toEqual(Object.keys(REASONS))
    expect(rows.filter((row) => row.length !== 6 || row.slice(3).includes(''))).toEqual([])
  })
})

test(
  'the tables of events, warnings, faults and members are those of the types',
  { timeout: 60_000 },
  async () => {
    const events = tableUnder('README.md', 'Events')
    const members = events.map(([name, , cells]) =>
      moduleOfNames(`keyof core.GateEvents['${bare(name)}']`, listIn(cells)),
    )
    const faults = await typeFaultsOf(
      moduleOfNames('core.GateEventName', firstOf(events)),
      ...members,
      moduleOfNames(`core.WarningEvent['code']`, firstOf(tableUnder('packages/core/README.md', 'Warnings'))),
      moduleOfNames(
        'keyof core.HeldConnection',
        namesIn(firstOf(tableUnder('packages/core/README.md', 'What holds a connection'))),
      ),
      moduleOfNames(
        'keyof core.AccountRegistry',
        namesIn(firstOf(tableUnder('packages/core/README.md', 'What a registry does'))),
      ),
      moduleOfNames(
        'core.RegistryFault',
        firstOf(tableUnder('packages/core/README.md', 'Why an operation is refused')),
      ),
      moduleOfNames('keyof core.Gate', namesIn(firstOf(tableUnder('packages/core/README.md', 'A gate')))),
    )
    expect(faults).toBe('')
  },
)

test('the table of what a registry does tells the clauses that the ledger keeps with each operation', () => {
  const rows = tableUnder('packages/core/README.md', 'What a registry does')
  const told = rows.flatMap(([member, , clause]) => (clause ? [[bare(member), clause]] : []))
  const named = (kind: string) => kind.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const kept = Object.entries(OPERATION_CLAUSES).map(([kind, clauses]) => [named(kind), clauses.join(', ')])
  expect(told).toEqual(kept)
})

test.each([
  ['@api-terms/core', 'packages/core/README.md', 'Names'],
  ['@api-terms/core/node', 'packages/core/README.md', 'Names for Node'],
  ['@api-terms/express', 'packages/express/README.md', 'Names'],
  ['@api-terms/koa', 'packages/koa/README.md', 'Names'],
  ['@api-terms/redis', 'packages/redis/README.md', 'Names'],
  ['@api-terms/sqlite', 'packages/sqlite/README.md', 'Names'],
  ['@api-terms/telemetry', 'packages/telemetry/README.md', 'Names'],
])('the table of names is what %s exports', async (entrance, document, heading) => {
  const exported = Object.keys((await import(entrance)) as object)
  const told = namesIn(firstOf(tableUnder(document, heading)))
  expect([...new Set(told)].toSorted()).toEqual(exported.toSorted())
})

/** `on(event, listener)`, `off(event, listener)`: on, off. */
function namesIn(cells: readonly string[]): string[] {
  return cells.flatMap((cell) => cell.replaceAll(/\([^)]*\)/g, '').split(', '))
}

function typeFaultsOf(...modules: readonly string[]): Promise<string> {
  writeFileSync(
    join(folder.path, 'names.ts'),
    ["import type * as core from '@api-terms/core'\n", ...modules].join(''),
  )
  return typeFaults(folder.path)
}

/** Without what is set differently in a comment and in a table: `10 000`, backticks, quotes. */
function plain(text: string): string {
  return text
    .replaceAll(/[`'"]/g, '')
    .replaceAll(/(?<=\d) (?=\d{3})/g, '')
    .toLowerCase()
}
