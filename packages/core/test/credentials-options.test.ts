import * as v from 'valibot'
import { expect, it } from 'vitest'
import { credentialsSchema } from '../src/credentials/index.js'

const pathsIn = (options: unknown) =>
  (v.safeParse(credentialsSchema, options).issues ?? []).map((issue) => v.getDotPath(issue))

it.each([
  {},
  { schemes: ['header'], header: 'Acme-Key', realm: 'Acme API', prefix: 'acme_live', format: 'any' },
  { cacheMs: 0, maxCached: 1, timeoutMs: 1, maxLookups: 1 },
  { realm: undefined, cacheMs: undefined },
])('credentials takes %j', (options) => {
  expect(pathsIn(options)).toEqual([])
})

it.each([
  ['schemes', { schemes: [] }],
  ['schemes', { schemes: 'bearer' }],
  ['schemes.0', { schemes: ['digest'] }],
  ['schemes', { schemes: ['bearer', 'bearer'] }],
  ['header', { header: 'x api key' }],
  ['header', { header: 'Authorization' }],
  ['header', { header: 'constructor' }],
  ['header', { header: 'x-key', schemes: ['bearer'] }],
  ['realm', { realm: 'a "b"' }],
  ['realm', { realm: 'a\r\nb' }],
  ['realm', { realm: '' }],
  ['prefix', { prefix: 'acme_' }],
  ['format', { format: 'jwt' }],
  ['cacheMs', { cacheMs: -1 }],
  ['cacheMs', { cacheMs: 1.5 }],
  ['cacheMs', { cacheMs: Infinity }],
  ['maxCached', { maxCached: 0 }],
  ['timeoutMs', { timeoutMs: 0 }],
  ['timeoutMs', { timeoutMs: 2 ** 31 }],
  ['maxLookups', { maxLookups: '5' }],
  ['cachMs', { cachMs: 5 }],
])('credentials refuses %s in %j', (path, options) => {
  expect(pathsIn(options)).toContain(path)
})

it('credentials lists everything that is wrong at once', () => {
  expect(pathsIn({ header: ':', schemes: ['x'], realm: '"', cacheMs: -1, timeoutMs: 0 })).toEqual([
    'schemes.0',
    'header',
    'realm',
    'cacheMs',
    'timeoutMs',
  ])
})

it('credentials tells of a contradiction beside other mistakes', () => {
  expect(pathsIn({ header: 'x-key', schemes: ['bearer'], cacheMs: -1 })).toEqual(['cacheMs', 'header'])
})
