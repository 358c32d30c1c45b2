import { distance } from 'fastest-levenshtein'

/** In words: the name that was likely meant, or all that there are. Signs and case do not count: `max-age` is near `maxAge`. */
export function likelyName(given: string, names: readonly string[]): string {
  const asked = signless(given)
  let near: string | undefined
  let fewest = Infinity
  for (const name of names) {
    const known = signless(name)
    const mistakes = distance(asked, known)
    const isTypo = mistakes <= Math.max(1, Math.floor(known.length / 3))
    if (isTypo && mistakes < fewest) [near, fewest] = [name, mistakes]
  }
  return near === undefined ? `known are: ${names.join(', ')}` : `did you mean ${near}?`
}

function signless(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z\d]/g, '')
}
