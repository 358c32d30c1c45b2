import { closest, distance } from 'fastest-levenshtein'

/** In words: the name that was likely meant, or all that there are. */
export function likelyName(given: string, names: readonly string[]): string {
  const near = names.length > 0 ? closest(given.toLowerCase(), names) : undefined
  const mistakes = near === undefined ? Infinity : distance(given.toLowerCase(), near.toLowerCase())
  const typo = near !== undefined && mistakes <= Math.max(1, Math.floor(near.length / 3))
  return typo ? `did you mean ${near}?` : `known are: ${names.join(', ')}`
}
