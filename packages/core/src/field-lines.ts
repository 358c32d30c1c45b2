/**
 * Whether a field came in more than one line; with another name, whether the two have more than one line between them. Node's `headers`
 * keep the first line of some fields, and join those of others; other readers keep the last: only the raw list tells. Names in lower case.
 */
export function isRepeated(rawHeaders: readonly string[], name: string, other = name): boolean {
  let candidates = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { length } = rawHeaders[index]!
    if (length === name.length || length === other.length) candidates++
  }
  // Lengths tell most requests apart from those whose names have to be read.
  return candidates > 1 && countIn(rawHeaders, name, other) > 1
}

function countIn(rawHeaders: readonly string[], ...names: readonly string[]): number {
  return rawHeaders.filter((field, index) => index % 2 === 0 && names.includes(field.toLowerCase())).length
}
