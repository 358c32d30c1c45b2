import { buildServer } from '@api-terms/example-express'
import { openAccounts, untilStopped } from '@api-terms/example-telephony'
import { callerOf } from './caller.js'
import { STEPS } from './steps.js'

// Starts the API on a free port, does every operation of its registry, and prints what a request gets after each.
const stopped = untilStopped()
const accounts = await openAccounts()
const server = buildServer(accounts)
const url = await server.listen(0, '127.0.0.1')
try {
  await Promise.race([walk(), stopped])
} finally {
  await server.close()
  await accounts.close()
}

async function walk(): Promise<void> {
  const given = { registry: accounts.registry, ...callerOf(url) }
  for (const { operation, clause, act } of STEPS) {
    // oxlint-disable-next-line no-await-in-loop -- each goes on from the one before
    const answers = await act(given)
    console.log(`${operation} (clause ${clause}): ${answers.join(', ')}`)
  }
  console.log('\nThe history of umbrella:')
  for (const { id, time, by, why, operation } of accounts.registry.history({ account: 'umbrella' }))
    console.log(
      `${id} ${time.toISOString()} ${operation.kind} by ${by}${why === undefined ? '' : `: ${why}`}`,
    )
}
