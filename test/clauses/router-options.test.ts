import { describe, expect, test } from 'vitest'
import { createGate, createUsage, memoryRegistry, OptionsError } from '@api-terms/core'
import { termsRouter, type TermsRouterOptions } from '@api-terms/core/node'
import { termsRouter as koaRouter } from '@api-terms/koa'
import { TERMS_URL } from './setting.js'

const registry = memoryRegistry()
const gate = createGate({ terms: { url: TERMS_URL }, registry })

describe.each([
  ['express and node:http', termsRouter],
  ['koa', koaRouter],
])('the options of the router for %s', (_name, router) => {
  const faultsOf = (options: unknown) => {
    try {
      router(options as TermsRouterOptions)
    } catch (error) {
      expect(error).toBeInstanceOf(OptionsError)
      return (error as OptionsError).issues.map(({ path, message }) => `${path} ${message}`)
    }
    return []
  }

  test('are taken as they are documented', () => {
    const taken: TermsRouterOptions[] = [
      { gate },
      { gate, registry, usage: createUsage(), path: '/terms' },
      { gate, registry: { acceptTerms: () => Promise.resolve() }, usage: { of: () => Promise.resolve() } },
      { gate, path: '' },
      { gate, path: '/api/terms' },
    ]
    for (const options of taken) expect(faultsOf(options)).toEqual([])
  })

  test('are told where they are wrong, all at once, with the remedy', () => {
    expect(faultsOf({ gates: gate, registry: {}, usage: {}, path: 'terms' })).toEqual([
      'gates is no option; did you mean gate?',
      'gate must be the gate of the API, of createGate',
      'registry must be a registry that can be written, or an object with acceptTerms',
      'usage must be createUsage(), or an object with of',
      'path must be a path that begins with a slash and does not end with one, e.g. /terms; leave it out where a framework takes it off',
    ])
    for (const options of [undefined, null, {}, { gate: {} }])
      expect(faultsOf(options)).toEqual(['gate must be the gate of the API, of createGate'])
  })

  test.each(['terms', '/', '/terms/', '//terms', '/terms?', '/terms#', '/te rms', 7, null])(
    'have no path such as %s',
    (path) => {
      expect(faultsOf({ gate, path })).toMatchObject([expect.stringMatching(/^path must be a path/)])
    },
  )
})
