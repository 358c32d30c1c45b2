import { gateSchema } from '../../packages/core/src/options.js'

/** What of a valibot schema leads to the names in it. */
interface SchemaNode {
  readonly entries?: Record<string, SchemaNode>
  readonly item?: SchemaNode
  readonly wrapped?: SchemaNode
  readonly pipe?: readonly SchemaNode[]
}

/** Every name that the check of options knows, as a path: `requests.block[].path`. */
export function namesOfSchema(): string[] {
  return namesIn(gateSchema as unknown as SchemaNode, '').filter(
    // Reasons are no options; they have a table of their own.
    (path) => !path.startsWith('terms.clauses.'),
  )
}

function namesIn(schema: SchemaNode, prefix: string): string[] {
  const inner = schema.wrapped ?? (schema.entries || schema.item ? undefined : schema.pipe?.[0])
  if (inner && inner !== schema) return namesIn(inner, prefix)
  if (schema.item) return namesIn(schema.item, `${prefix}[]`)
  return Object.entries(schema.entries ?? {}).flatMap(([name, entry]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    return [path, ...namesIn(entry, path)]
  })
}

/** The types whose members a path leads to. */
const TYPES: Record<string, string> = {
  '': 'GateOptions',
  terms: 'TermsOptions',
  'terms.versions[]': 'TermsVersion',
  registration: 'RegistrationOptions',
  credentials: 'CredentialsOptions',
  connections: 'ConnectionsOptions',
  requests: 'RequestsOptions',
  'requests.block[]': 'BlockRule',
  misuse: 'MisuseOptions',
  'misuse.networks': 'SignOptions',
  'misuse.ids': 'IdsOptions',
  'misuse.atLimit': 'SignOptions',
  caching: 'CachingOptions',
  'caching.rules[]': 'CacheRule',
}

/** A module that compiles only where the types have just these names. */
export function moduleOfOptions(paths: readonly string[]): string {
  const parents = new Map<string, string[]>(Object.keys(TYPES).map((parent) => [parent, []]))
  for (const path of paths) {
    const [parent, name] = parted(path)
    const names = parents.get(parent)
    if (!names) throw new Error(`${path} belongs to no type that is known here`)
    names.push(name)
  }
  return [...parents].map(([parent, names]) => moduleOfNames(`keyof core.${TYPES[parent]}`, names)).join('')
}

/** A module that compiles only where a type of the core, `core.…`, has just these names. */
export function moduleOfNames(type: string, names: readonly string[]): string {
  const members = names.map((name) => `${JSON.stringify(name)}: true`).join(', ')
  return `{ const names: Record<${type}, true> = { ${members} } }\n`
}

/** The type that an option is a member of, and its name there. */
export function memberOf(path: string): [type: string, name: string] {
  const [parent, name] = parted(path)
  return [TYPES[parent] ?? '', name]
}

function parted(path: string): [parent: string, name: string] {
  const end = path.lastIndexOf('.')
  return end === -1 ? ['', path] : [path.slice(0, end), path.slice(end + 1)]
}
