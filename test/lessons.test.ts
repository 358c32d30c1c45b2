import { describe, expect, test } from 'vitest'
import { playOn } from './battery/scenario.js'
import { DECIDING } from './lessons/deciding.js'
import { HOLDING } from './lessons/holding.js'
import { LEAVING } from './lessons/leaving.js'
import { SOURCES } from './sources.js'
import { SUBJECTS } from './subjects.js'

// Failures of other systems. The compiler's part of rows 28 and 29 is in the consumer projects of packages.test.ts.

const LESSONS = [...LEAVING, ...HOLDING, ...DECIDING].toSorted((one, other) => one.row - other.row)

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  for (const lesson of LESSONS.filter(({ runsOn }) => runsOn?.(subject) ?? true)) {
    test(`lesson ${lesson.row}: ${lesson.title}`, () => playOn(subject, lesson))
  }
})

test('lesson 28: no type of the app is augmented globally', () => {
  const global = /declare\s+(global|module)\b|namespace\s+Express\b/
  expect([...SOURCES].filter(([, text]) => global.test(text)).map(([path]) => path)).toEqual([])
})

test('lesson 29: no type is tied to one version of a framework’s typings', () => {
  const typings = /from '(express|koa|@types\/[\w-]+)'/
  expect([...SOURCES].filter(([, text]) => typings.test(text)).map(([path]) => path)).toEqual([])
})
