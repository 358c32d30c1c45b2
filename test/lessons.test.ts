import { describe, expect, test } from 'vitest'
import { playOn } from './battery/scenario.js'
import { ARRIVING } from './lessons/arriving.js'
import { DECIDING } from './lessons/deciding.js'
import { HOLDING } from './lessons/holding.js'
import { LEAVING } from './lessons/leaving.js'
import { SOURCES } from './sources.js'
import { SUBJECTS } from './subjects.js'

// Failures of other systems. The compiler's part of rows 28 and 29 is in the consumer projects of packages.test.ts.

const LESSONS = [...ARRIVING, ...LEAVING, ...HOLDING, ...DECIDING].toSorted(
  (one, other) => one.row - other.row,
)

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  for (const lesson of LESSONS.filter(({ runsOn }) => runsOn?.(subject) ?? true)) {
    test(`lesson ${lesson.row}: ${lesson.title}`, () => playOn(subject, lesson))
  }
})

/** What no source of the packages may say. */
const UNSAID = [
  {
    row: 28,
    title: 'no type of the app is augmented globally',
    pattern: /declare\s+(global|module)\b|namespace\s+Express\b/,
  },
  {
    row: 29,
    title: 'no type is tied to one version of a framework’s typings',
    pattern: /from '(express|koa|@types\/[\w-]+)'/,
  },
]

for (const { row, title, pattern } of UNSAID) {
  test(`lesson ${row}: ${title}`, () => {
    expect([...SOURCES].filter(([, text]) => pattern.test(text)).map(([path]) => path)).toEqual([])
  })
}

/** Rows of the table that cannot be played here. */
const EXEMPT = new Map([
  [7, 'the leases of several processes'],
  [12, 'the leases of several processes'],
  [24, 'the acceptance of Terms, which the gate does not check yet'],
  [25, 'several processes: one-of-many.test.ts'],
])

test('each row of the table has its lesson, but for those that are named as exempt', () => {
  const played = LESSONS.filter(({ runsOn }) => SUBJECTS.some((subject) => runsOn?.(subject) ?? true))
  const rows = new Set([...played, ...UNSAID].map(({ row }) => row))
  const table = Array.from({ length: 29 }, (_, index) => index + 1)
  expect([...rows].toSorted((one, other) => one - other)).toEqual(table.filter((row) => !EXEMPT.has(row)))
})
