import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  ADAPTERS,
  CORE,
  DECIDING,
  filesOf,
  filesUnder,
  IMPORTS,
  importsIn,
  reachableFrom,
  roomOf,
  ROOMS,
  SOURCES,
} from './sources.js'

describe('rooms', () => {
  test.each(ROOMS)('%s imports no other room', (room) => {
    const others = filesOf(room).flatMap((path) =>
      (IMPORTS.get(path) ?? [])
        .filter((target) => roomOf(target) && roomOf(target) !== room)
        .map((target) => `${path} → ${target}`),
    )
    expect(others).toEqual([])
  })

  test.each(DECIDING)('%s reaches no other room through the files above it either', (room) => {
    const reached = [...reachableFrom(filesOf(room))].filter((path) => roomOf(path) && roomOf(path) !== room)
    expect(reached).toEqual([])
  })

  test('are entered by their index alone', () => {
    const detours = [...IMPORTS].flatMap(([path, targets]) =>
      targets
        .filter(
          (target) => roomOf(target) && roomOf(target) !== roomOf(path) && basename(target) !== 'index.ts',
        )
        .map((target) => `${path} → ${target}`),
    )
    expect(detours).toEqual([])
  })

  test('node is used by nothing else in the core', () => {
    const users = [...IMPORTS].filter(
      ([path, targets]) => roomOf(path) !== 'node' && targets.some((target) => roomOf(target) === 'node'),
    )
    expect(users.map(([path]) => path)).toEqual([])
  })
})

describe('imports', () => {
  test('form no cycle, type imports included', () => {
    const cycles = [...IMPORTS.keys()].filter((path) => reachableFrom(IMPORTS.get(path) ?? []).has(path))
    expect(cycles).toEqual([])
  })

  test('all lead to a file', () => {
    expect([...IMPORTS].flatMap(([, targets]) => targets).filter((target) => !SOURCES.has(target))).toEqual(
      [],
    )
  })

  test.each(ADAPTERS)('of the adapter %s are the public entrances of the core, and Node', (name) => {
    const packages = filesUnder(`packages/${name}/src`)
      .flatMap((path) => importsIn(SOURCES.get(path) ?? ''))
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    expect(
      [...new Set(packages)].filter(
        (specifier) => !['@api-terms/core', '@api-terms/core/node'].includes(specifier),
      ),
    ).toEqual([])
  })

  test('of servers and sockets stand in node alone: what decides is values only', () => {
    const network = /^node:(http|https|http2|net|tls)$/
    const users = [...SOURCES].filter(
      ([path, text]) =>
        path.startsWith(CORE) &&
        roomOf(path) !== 'node' &&
        importsIn(text).some((name) => network.test(name)),
    )
    expect(users.map(([path]) => path)).toEqual([])
  })
})

describe('names', () => {
  test('of files say what is inside', () => {
    const vague = /^(types?|utils?|helpers?|commons?|shared|misc|lib)\b/
    expect([...SOURCES.keys()].filter((path) => path.split('/').some((part) => vague.test(part)))).toEqual([])
  })

  test('of functions, classes and values say what they answer or do', () => {
    const vague = /^(handle|process|manage|data|do)([A-Z]\w*)?$|(Manager|Helper|Util|Data)s?$/
    const declared = /\b(?:function|class|interface|type|const|let)\s+(\w+)/g
    const found = [...SOURCES].flatMap(([path, text]) =>
      [...text.matchAll(declared)]
        .map(([, name]) => name ?? '')
        .filter((name) => vague.test(name))
        .map((name) => `${path}: ${name}`),
    )
    expect(found).toEqual([])
  })
})
