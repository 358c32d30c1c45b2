/**
 * Whether a field came in more than one line. Node's `headers` keep the first of them, other readers the last, so only
 * the raw list tells. `name` in lower case.
 */
export function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  // Lengths tell most requests apart from those whose names have to be read.
  let candidates = 0
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]!.length === name.length) candidates++
  return candidates > 1 && countIn(rawHeaders, name) > 1
}

function countIn(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((field, index) => index % 2 === 0 && field.toLowerCase() === name).length
}
