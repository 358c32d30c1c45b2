import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { ROOT } from './sources.js'

test.each(['nonsense', 'telephony', '.', '../test/consumers'])(
  'npm start -- %s, which is none, names the examples there are',
  (name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['test/start.mjs', name], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(stderr.trim()).toBe(
      `there is no example called ${name}: take accounts, cluster, express, koa or postgres`,
    )
    expect(status).toBe(1)
  },
)
