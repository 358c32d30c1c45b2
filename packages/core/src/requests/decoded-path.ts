/** Decodes a path that the target check let pass. */
export type DecodePath = (path: string) => string

/** Several checks read the same path one after another, and decoding costs more than matching: the last one is kept. */
export function createPathDecoder(): DecodePath {
  let last = ''
  let decoded = ''
  return (path) => {
    if (!path.includes('%')) return path
    if (path !== last) {
      decoded = decodeURIComponent(path)
      last = path
    }
    return decoded
  }
}
