/** Prints what a round has seen. */
export function printRound(round) {
  const { app, registry, waitMs, sent, seconds, before, after } = round
  const waiting = waitMs > 0 ? `, waiting ${waitMs} ms` : ''
  console.log(`\n${app}, ${registry} registry${waiting}: ${sent} requests in ${seconds.toFixed(1)} s`)
  console.log(`  statuses   ${written(round.statuses)}`)
  console.log(`  gate       admitted ${round.admitted}, abandoned ${round.abandoned}`)
  console.log(`  refused    ${written(round.refused)}`)
  console.log(`  ended      ${written(round.ended)}`)
  console.log(`  warnings   ${written(round.warnings) || 'none'}`)
  const seen = Object.entries(round.seen).map(([group, { most, full }]) => `${group} ${most} (full ${full}×)`)
  console.log(`  most open  ${seen.join(', ')}`)
  console.log(`  heap       ${megabytes(before.heap)} before, ${megabytes(after.heap)} after`)
  for (const fault of round.faults) console.log(`  FAULT      ${fault}`)
}

function written(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
