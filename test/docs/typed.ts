import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../sources.js'

/** What the compiler has against the modules of a scratch folder, in strict mode: nothing, where all is well. */
export function typeFaults(folder: string): Promise<string> {
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder],
      (error, stdout) => resolve(error ? stdout || error.message : ''),
    )
  })
}
