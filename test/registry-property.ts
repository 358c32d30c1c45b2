import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AccountRegistry, RegistryError } from '@api-terms/core'
import { TestClock } from './clock.js'
import type { RegistryMaker } from './registry-contract.js'
import { RegistryModel, type ModelOperation } from './registry-model.js'
import { NOW } from './registry-refusals.js'
import { historyOf, replayed, stateOf, type State } from './registry-replay.js'

type Step = { readonly advance: number } | { readonly operation: ModelOperation }

const account = fc.constantFrom('acme', 'globex', 'initech')
const client = fc.constantFrom('crm', 'pbx')
const partner = fc.constantFrom('resell', 'other')
const digest = fc.constantFrom(...['1', '2', '3', '4', '5'].map((digit) => digit.repeat(64)))
const moment = fc.integer({ min: -2, max: 12 }).map((steps) => new Date(NOW + steps * 10))
const soon = fc.option(moment, { nil: undefined })
const target = fc.oneof(fc.record({ account }), fc.record({ client }), fc.record({ partner }))
const status = fc.constantFrom('active', 'suspended', 'terminated')
const kind = <K extends string>(name: K) => fc.constant(name)

const operation: fc.Arbitrary<ModelOperation> = fc.oneof(
  fc.record({
    kind: kind('register-account'),
    account,
    details: fc.record({ partner, name: fc.constant('A') }, { requiredKeys: [] }),
  }),
  fc.record({
    kind: kind('update-account'),
    account,
    changes: fc.record(
      { partner: fc.option(partner), name: fc.option(fc.constant('B')) },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    kind: kind('update-client'),
    client,
    changes: fc.record({ name: fc.option(fc.constant('C')) }, { requiredKeys: [] }),
  }),
  fc.record({
    kind: kind('set-account'),
    account: fc.oneof(
      fc.record({ id: account, partner, status, terminatesAt: moment }, { requiredKeys: ['id'] }),
      fc.record({
        id: account,
        partner,
        status: fc.constant('suspended' as const),
        suspendedWithPartner: fc.constant(true as const),
      }),
    ),
  }),
  fc.record({
    kind: kind('set-client'),
    client: fc.record(
      { id: client, account, status, credentials: fc.array(fc.record({ digest }), { maxLength: 2 }) },
      { requiredKeys: ['id', 'account', 'credentials'] },
    ),
  }),
  fc.record({ kind: kind('register-client'), client, account, details: fc.constant({}) }),
  fc.record({ kind: kind('verify'), account }),
  fc
    .record({ client, digest, expiresAt: soon })
    .map(
      ({ client: id, ...credential }) => ({ kind: 'issue-key', client: id, credential }) as ModelOperation,
    ),
  fc.record({
    kind: kind('rotate-key'),
    client,
    old: digest,
    credential: fc.record({ digest }),
    overlapMs: fc.constantFrom(0, 10, 30, Infinity),
  }),
  fc.record({ kind: kind('revoke-key'), client, credential: digest }),
  fc.record({
    kind: kind('accept-terms'),
    client,
    version: fc.constantFrom('1', '2'),
    acceptedBy: fc.constant('jane'),
    entity: fc.constant('Acme'),
  }),
  fc
    .record({
      account,
      id: fc.constantFrom('g1', 'g2'),
      read: fc.constantFrom(0, 5, Infinity),
      from: soon,
      until: soon,
    })
    .map(
      ({ account: id, read, ...grant }) =>
        ({
          kind: 'grant',
          account: id,
          grant: { ...grant, limits: { read }, consentedBy: 'sales' },
        }) as ModelOperation,
    ),
  fc.record({ kind: kind('withdraw-grant'), account, grant: fc.constantFrom('g1', 'g2') }),
  fc
    .tuple(fc.constantFrom('suspend', 'reinstate'), target)
    .map(([name, who]) => ({ kind: name, ...who }) as ModelOperation),
  fc
    .tuple(target, fc.oneof(soon, fc.constant(null)))
    .map(([who, from]) => ({ kind: 'terminate', ...who, from }) as ModelOperation),
  fc.record({ kind: kind('remove-account'), account }),
  fc.record({ kind: kind('remove-client'), client }),
)

/** Registering weighs more, or most sequences would find nobody to work on. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ advance: fc.constantFrom(0, 5, 10, -15) }) },
  { weight: 9, arbitrary: fc.record({ operation }) },
)
const start: Step[] = [
  { operation: { kind: 'register-account', account: 'acme', details: { partner: 'resell' } } },
  { operation: { kind: 'register-client', client: 'crm', account: 'acme', details: {} } },
]

/** After any sequence of operations a registry's state is a model's, and its history leads to it again. */
export function registryProperty(name: string, makeRegistry: RegistryMaker, numRuns: number): void {
  test(`${name}: any sequence of operations leads to the state of a model, and the history to the same again`, async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const clock = new TestClock(NOW)
        const { registry, another = registry } = await makeRegistry(clock)
        try {
          await run(registry, clock, [...start, ...sequence])
          const state = await stateOf(another)
          expect(replayed(await historyOf(another))).toEqual(state)
        } finally {
          await registry.close()
          if (another !== registry) await another.close()
        }
      }),
      { numRuns },
    )
  })
}

async function run(registry: AccountRegistry, clock: TestClock, steps: readonly Step[]): Promise<void> {
  const model = new RegistryModel()
  let last = -Infinity
  for (const next of steps) {
    if ('advance' in next) {
      // Back, as an operator sets it: nothing is done before what was done last.
      if (next.advance < 0) clock.setNow(clock.now() + next.advance)
      else clock.advance(next.advance)
      continue
    }
    const now = Math.max(clock.now(), last)
    const faults = model.perform(next.operation, now)
    if (faults.size === 0) last = now
    // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
    const fault = await registry.perform(next.operation, { by: 'ops' }).then(
      () => undefined,
      (error: unknown) => (error as RegistryError).fault ?? error,
    )
    if (fault === undefined || faults.size === 0) expect(fault).toBe([...faults][0])
    else expect([...faults]).toContain(fault)
    // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
    expect(seen(await stateOf(registry))).toEqual(model.state)
  }
}

/** Records in the form of the model. */
function seen({ accounts, clients }: State): unknown {
  const end = (date: Date | undefined) => date?.getTime() ?? Infinity
  return {
    accounts: mapped(accounts, (each) => ({
      partner: each.partner,
      name: each.name,
      status: each.status ?? 'active',
      withPartner: each.suspendedWithPartner ?? false,
      endsAt: end(each.terminatesAt),
      endsWithPartner: each.terminatesWithPartner ?? false,
      ownNotice: end(each.ownNotice),
      grants: (each.grants ?? []).map(({ id, limits, from, until }) => ({
        id,
        read: limits['read'],
        from: from?.getTime() ?? -Infinity,
        until: end(until),
      })),
      verifiedAt: each.verifiedAt?.getTime(),
    })),
    clients: mapped(clients, (each) => ({
      account: each.account,
      status: each.status ?? 'active',
      endsAt: end(each.terminatesAt),
      name: each.name,
      keys: each.credentials.map(({ digest: of, expiresAt, revokedAt, ended }) => ({
        digest: of,
        endsAt: end(expiresAt),
        revoked: revokedAt !== undefined,
        ended: ended ?? false,
      })),
      accepted: (each.acceptances ?? []).map(({ version, by, entity }) => [version, by, entity].join(' ')),
    })),
  }
}

function mapped<T, U>(records: Readonly<Record<string, T>>, map: (record: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(records).map(([id, record]) => [id, map(record)]))
}
