import { describe, expect, test } from 'vitest'
import { createGate, memoryRegistry, OptionsError, type GateOptions } from '@api-terms/core'

const url = 'https://provider.example/terms'
const effectiveAt = new Date('2026-01-01')

/** What is said to be wrong, path and beginning of the remedy. */
function issuesOf(options: unknown): string[] {
  try {
    createGate({ registry: memoryRegistry(), terms: { url }, ...(options as Partial<GateOptions>) })
    return []
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('options of the agreement', () => {
  test('that are right are taken', () => {
    const versions = [{ version: '2026-01', effectiveAt }]
    expect(
      issuesOf({ terms: { url, version: '2026-01', versions, graceMs: 0, acceptance: 'notify' } }),
    ).toEqual([])
    expect(issuesOf({ registration: { reviewMs: 1, requires: ['contacts'], whenStale: 'refuse' } })).toEqual(
      [],
    )
    expect(issuesOf({ registration: {} })).toEqual([])
  })

  test('that are wrong are listed all at once', () => {
    const terms = {
      url,
      versions: [
        { version: 'zweitausend\n', effectiveAt: '2026-01-01' },
        { version: '2', url: '/terms' },
        'three',
      ],
      graceMs: -1,
      acceptance: 'later',
      licence: 'MIT',
    }
    const registration = { reviewMs: 0, requires: ['phone'], whenStale: 'never' }
    expect(issuesOf({ terms, registration, credentials: { clientHeader: 'X-API-Key' } })).toEqual([
      'terms.versions[0].version: must be printable ASCII, e.g. 2026-01',
      "terms.versions[0].effectiveAt: must be a valid Date, e.g. new Date('2026-01-01')",
      "terms.versions[1].effectiveAt: must be a valid Date, e.g. new Date('2026-01-01')",
      expect.stringContaining('terms.versions[1].url: must be an absolute http or https URL'),
      expect.stringContaining('terms.versions[2]: must be an object'),
      expect.stringContaining('terms.graceMs: must be a whole number of milliseconds'),
      "terms.acceptance: must be 'enforce' or 'notify'",
      expect.stringContaining('terms.licence: must be an absolute http or https URL'),
      expect.stringContaining('registration.reviewMs: must be a whole number of milliseconds'),
      'registration.requires[0]: must be one of: contacts, privacyPolicyUrl',
      "registration.whenStale: must be 'report' or 'refuse'",
      'credentials.clientHeader: is the field of the key: choose another, such as x-client-id',
    ])
  })

  test('give no time to accept that ends beyond all dates', () => {
    const end = 8.64e15
    const versions = [{ version: '2026-01', effectiveAt }]
    expect(issuesOf({ terms: { url, versions, graceMs: end - effectiveAt.getTime() } })).toEqual([])
    const far = expect.stringContaining("acceptance: 'notify'")
    for (const graceMs of [end - effectiveAt.getTime() + 1, Number.MAX_SAFE_INTEGER])
      expect(issuesOf({ terms: { url, versions, graceMs } })).toEqual([far])
    expect(issuesOf({ terms: { url, versions: [{ version: 'last', effectiveAt: new Date(end) }] } })).toEqual(
      [far],
    )
  })

  test('that contradict each other are told', () => {
    const older = { version: '2025-01', effectiveAt: new Date('2025-01-01') }
    const newer = { version: '2026-01', effectiveAt }
    expect(issuesOf({ terms: { url, version: '2026-01', versions: [older, newer] } })).toEqual([
      'terms.version: must be left out beside versions: which of them is in force is told by the time',
    ])
    expect(issuesOf({ terms: { url, version: '2025-01', versions: [newer] } })).toHaveLength(1)
    expect(issuesOf({ terms: { url, versions: [newer, { ...newer, version: 'again' }] } })).toEqual([
      'terms.versions[1]: takes effect together with another version: one of them is in force',
    ])
    expect(issuesOf({ terms: { url, versions: [newer, { ...older, version: '2026-01' }] } })).toEqual([
      'terms.versions[1]: comes twice: acceptances name it, so each version needs a name of its own',
    ])
    expect(issuesOf({ terms: { url, versions: [] } })).toHaveLength(1)
    expect(issuesOf({ terms: { url, graceMs: 1, acceptance: 'notify' } })).toEqual([
      'terms.graceMs: says nothing without versions: add them, or leave this out',
      'terms.acceptance: says nothing without versions: add them, or leave this out',
    ])
    expect(issuesOf({ registration: { whenStale: 'refuse' } })).toHaveLength(1)
  })

  test('that are not known are told with the likely name', () => {
    expect(issuesOf({ terms: { url, versons: [] }, registration: { review: 1 } })).toEqual([
      expect.stringContaining('terms.versons: is no option; did you mean'),
      expect.stringContaining('registration.review: is no option; did you mean'),
    ])
  })

  test('are copied: a date that is set afterwards changes nothing', async () => {
    const date = new Date('2026-01-01')
    const versions = [{ version: '2026-01', effectiveAt: date }]
    const now = Date.parse('2026-06-01')
    const gate = createGate({
      registry: memoryRegistry(),
      terms: { url, versions },
      clock: { now: () => now },
    })
    date.setTime(Date.parse('2099-01-01'))
    versions.length = 0
    const outcome = await gate.admit({ method: 'GET', target: '/', headers: {} })
    expect(outcome).toMatchObject({ admitted: false, problem: { terms_version: '2026-01' } })
  })
})
