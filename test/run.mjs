// npm test [-- vitest's arguments]: everything that must hold, from an empty checkout to the count of tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './build.mjs'
import { installed, run, stop, StepFailed } from './command.mjs'
import { install } from './install.mjs'
import { linesWithKeys } from './leaked-keys.mjs'
import { prepareMachine } from './machine.mjs'

const STEPS = [
  ['install', install],
  ['format', () => run(installed('oxfmt'), ['--check'])],

  ['types', () => run(installed('tsc'), ['--noEmit', '--project', 'tsconfig.json'])],
  ['lint', () => run(installed('oxlint'), ['--type-aware', '--deny-warnings'])],
  ['build', build],
  ['machine', prepareMachine],
]

for (const [name, step] of STEPS) {
  console.error(`── ${name}`)
  await step().catch((error) =>
    stop(new StepFailed(`npm test stopped at "${name}": ${error.message}`, error.exitCode)),
  )
}
console.error('── tests')
const { failure, report, printed } = await runVitest(process.argv.slice(2))
const counts = count(report)
// Errors that no test has caught fail the run of vitest under tests that are all green.
if (failure && counts.failed === 0) fail(`No test failed, but the run did: ${failure.message}`)
for (const line of linesWithKeys(printed)) fail(`A key was printed: ${line.trim().slice(0, 500)}`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0

/** What no test tells of is counted as one more that failed. */
function fail(message) {
  counts.failed++
  console.error(`\n${message}`)
}

/** With all that vitest printed, its report included: no key may stand there, not in the message of a failed test either. */
async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'api-terms-report-'))
  const file = join(folder, 'report.json')
  const options = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  let heard = ''
  const hear = (text) => (heard += text)
  // It does not see that its output goes to a terminal in the end.
  const env = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}
  try {
    const ended = await run(installed('vitest'), ['run', ...options, ...args], {
      stdout: 'inherit',
      env,
      hear,
    }).then(
      () => undefined,
      (error) => error,
    )
    const result = JSON.parse(readFileSync(file, 'utf8'))
    return { failure: ended, report: result, printed: `${heard}\n${JSON.stringify(result, null, 1)}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A file that fails before its first test counts as one failed test: it must not look like a smaller suite. */
function count({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  )
  return {
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    skipped: numPendingTests + numTodoTests,
  }
}
