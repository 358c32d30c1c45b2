/**
 * Whether a field came in more than one line. Node's `headers` keep the first of them, other readers the last, so only
 * the raw list tells. `name` in lower case.
 */
export function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let found = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index]!
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue
    if (found) return true
    found = true
  }
  return false
}
