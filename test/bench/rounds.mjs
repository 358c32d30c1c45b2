// Measuring in rounds: each side once a round, in an order drawn anew. Rounds are to be many and short: what else the machine does comes and
// goes within seconds, and falls on all sides of a round alike only if the round is shorter than that.

/** Measures each side once a round; answers with a list of rounds, each an object from side to measurement. */
export async function inRounds(sides, rounds, measure) {
  const measured = []
  for (let round = 0; round < rounds; round++) {
    const row = {}
    for (const side of shuffled(sides)) row[side] = await measure(side)
    measured.push(row)
  }
  return measured
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function shuffled(values) {
  const rest = [...values]
  for (let last = rest.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[rest[last], rest[other]] = [rest[other], rest[last]]
  }
  return rest
}
