// npm test [-- vitest's arguments]: everything that must hold, from an empty checkout to the count of tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './build.mjs'
import { installed, run, stop, StepFailed } from './command.mjs'
import { install } from './install.mjs'
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
const { failure, report } = await runVitest(process.argv.slice(2))
const counts = count(report)
if (failure && counts.failed === 0) console.error(`\n${failure.message}`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = failure || counts.failed > 0 || counts.passed === 0 ? 1 : 0

async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'api-terms-report-'))
  const file = join(folder, 'report.json')
  const options = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  try {
    const ended = await run(installed('vitest'), ['run', ...options, ...args], { stdout: 'inherit' }).then(
      () => undefined,
      (error) => error,
    )
    return { failure: ended, report: JSON.parse(readFileSync(file, 'utf8')) }
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
