import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRecord, writtenRecord } from '@api-terms/core'

const names = fc.oneof(
  fc.string(),
  fc.constantFrom('$date', '$number', '$$date', '$', 'at', 'until', '__proto__'),
)
const { tree: record } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.constantFrom(Infinity, -Infinity, null),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('tree')),
    fc.dictionary(names, tie('tree'), { noNullPrototype: true }),
  ),
}))

test('what is written is read again as it was, dates, limits without end and odd names included', () => {
  const same = fc.property(record, (value) => {
    expect(readRecord(writtenRecord(value))).toEqual(value)
  })
  fc.assert(same)
})

test('what is read cannot be altered', () => {
  const read = readRecord(writtenRecord({ grants: [{ limits: { read: Infinity } }] })) as {
    grants: { limits: object }[]
  }
  for (const each of [read, read.grants, read.grants[0], read.grants[0]?.limits])
    expect(Object.isFrozen(each)).toBe(true)
})

test('dates are written so that other programs can read them', () => {
  const at = new Date('2026-01-01T00:00:00.000Z')
  expect(JSON.parse(writtenRecord({ at, limits: { read: Infinity } }))).toEqual({
    at: { $date: '2026-01-01T00:00:00.000Z' },
    limits: { read: { $number: 'Infinity' } },
  })
})
