import { remembering } from './remember.js'

/** A Vary value that names the field too, beside all that it names already (RFC 9110 §12.5.5). */
function addToVary(existing: string, field: string): string {
  const names = new Map<string, string>()
  for (const written of `${existing},${field}`.split(',')) {
    const name = written.trim()
    if (name === '*') return '*'
    const key = name.toLowerCase()
    if (key !== '' && !names.has(key)) names.set(key, name)
  }
  return [...names.values()].join(', ')
}

/** {@link addToVary}, worked out once for what apps say again and again. */
export function createVary(): typeof addToVary {
  // As many fields as there are places for a credential.
  const byField = new Map<string, (existing: string) => string>()
  return (existing, field) => {
    if (existing === field) return field
    let add = byField.get(field)
    if (!add) byField.set(field, (add = remembering((text) => addToVary(text, field))))
    return add(existing)
  }
}
