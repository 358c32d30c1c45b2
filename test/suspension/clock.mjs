/** A clock that all processes of a machine read alike, in ms. */
export function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}
