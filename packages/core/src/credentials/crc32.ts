/** What each byte adds: the reflected polynomial of CRC-32 (IEEE 802.3), which `zlib.crc32` has too. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

/**
 * CRC-32 of the first `end` characters of an ASCII text. The same as `zlib.crc32`, which takes three times as long for the forty
 * characters of a key: it copies them out of JavaScript, and this runs with every request.
 */
export function crc32(text: string, end: number): number {
  let crc = -1
  for (let i = 0; i < end; i++) crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(i)) & 0xff] as number)
  return ~crc >>> 0
}
