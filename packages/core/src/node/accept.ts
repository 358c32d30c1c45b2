import type { Inquiry } from '../inquiry.js'
import type { Acceptance } from '../registry.js'

/** What a client says to accept the Terms: somebody who may bind the entity accepts a version for it (clauses 1(a), 1(b)). */
export interface Accepting {
  readonly version: string
  /** Who accepts. */
  readonly by: string
  /** The company or person who is bound. */
  readonly entity: string
}

/**
 * Where acceptances are recorded: a registry that can be written, or a function of the provider's own. A function resolves with the acceptance,
 * with its moment, or with nothing; a `RegistryError` with the fault `duplicate` says that there is one already.
 */
export interface AcceptanceRegistry {
  acceptTerms(acceptance: {
    readonly client: string
    readonly version: string
    readonly entity: string
    readonly acceptedBy: string
    /** Who does it, for the history: the client. */
    readonly by: string
  }): Promise<Acceptance | undefined | void>
}

const MEMBERS = ['version', 'by', 'entity'] as const
const LONGEST = 200
/**
 * What people's and companies' names are written with. They end up in lists and letters: not control characters, nor what breaks a line or
 * turns what follows round, as overrides and isolates of direction do (UAX #9 §2). The marks of direction that some names need are.
 */
const NAME = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+$/u

/** What was said, or what is wrong with it. */
export function readAccepting(value: unknown): Accepting | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'Send an object with version, by and entity.'
  const given = value as Record<string, unknown>
  const unknown = Object.keys(given).some((name) => !MEMBERS.includes(name as never))
  if (unknown) return 'Send version, by and entity, and nothing else.'
  for (const name of MEMBERS) {
    const text = given[name]
    if (typeof text !== 'string' || text.trim() === '' || text.length > LONGEST || !NAME.test(text))
      return `Send ${name} as text of 1 to ${LONGEST} characters, in one line and without control characters.`
  }
  return given as unknown as Accepting
}

/** The acceptance of this version that there is already; the last one, where there are several. */
export function acceptanceOf({ client }: Inquiry, version: string): Acceptance | undefined {
  return client.acceptances?.findLast((acceptance) => acceptance.version === version)
}

/** Only what is in force, or announced, can be accepted. */
export function isOffered({ terms, upcoming }: Inquiry, version: string): boolean {
  return [terms, ...upcoming].some((offered) => offered.version === version)
}

/** Resolves with what was recorded, as the registry tells it, or else as it was said. */
export async function record(
  registry: AcceptanceRegistry,
  { client }: Inquiry,
  said: Accepting,
): Promise<Acceptance | Accepting> {
  const { version, entity, by } = said
  const recorded = await registry.acceptTerms({
    client: client.id,
    version,
    entity,
    acceptedBy: by,
    by: `client ${client.id}`,
  })
  return recorded ?? said
}
