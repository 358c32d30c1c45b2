import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, StepFailed } from './command.mjs'

/** What the tests, and one example, run besides Node: the program, its Debian package, and what may stand in for it. */
const NEEDED = [
  { program: 'nginx', debianPackage: 'nginx' },
  { program: 'curl', debianPackage: 'curl' },
  { program: 'redis-server', debianPackage: 'redis-server', insteadOf: 'REDIS_URL' },
  { program: 'postgres', debianPackage: 'postgresql' },
]

// Debian keeps servers where an ordinary user's PATH does not look.
const FOLDERS = () => [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  ...versionsOf('/usr/lib/postgresql'),
]

const missingOf = (programs) =>
  NEEDED.filter(
    ({ program, insteadOf }) =>
      programs.includes(program) && !(insteadOf && process.env[insteadOf]) && !found(program),
  )
const found = (program) => FOLDERS().some((folder) => existsSync(join(folder, program)))

/** Installs the missing programs where Debian's packages can be installed; says what is missing where they cannot. */
export async function prepareMachine(programs = NEEDED.map(({ program }) => program)) {
  const missing = () => missingOf(programs)
  const absent = missing()
  if (absent.length === 0) return
  const packages = absent.map(({ debianPackage }) => debianPackage)
  const become = await superuser()
  if (!become || !found('apt-get')) throw new StepFailed(remedy(absent))

  console.error(`installing ${packages.join(', ')}, which this needs`)
  const aptGet = (...args) => {
    // RUNLEVEL=1: the tests start the programs themselves; the system's services stay stopped.
    const [program, ...rest] = [
      ...become,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'RUNLEVEL=1',
      'apt-get',
      ...args,
    ]
    return run(program, rest)
  }
  await aptGet('update', '-qq')
  await aptGet(
    'install',
    '-qq',
    '-y',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=120',
    ...packages,
  )
  if (missing().length > 0) throw new StepFailed(remedy(missing()))
}

function versionsOf(folder) {
  return existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, 'bin')) : []
}

/** What to put before a command that only root may run; nothing where this user may not. */
async function superuser() {
  if (process.getuid?.() === 0) return []
  const sudo = ['sudo', '-n']
  return run('sudo', ['-n', 'true']).then(
    () => sudo,
    () => undefined,
  )
}

function remedy(absent) {
  const lines = absent.map(({ program, debianPackage, insteadOf }) => {
    const otherwise = insteadOf ? `, or set ${insteadOf}` : ''
    return `  ${program} (Debian's package ${debianPackage})${otherwise}`
  })
  return ['This needs programs that are not there, and cannot install them here:', ...lines].join('\n')
}
