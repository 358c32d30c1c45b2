import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { anchorsOf, blocksOf, DOCUMENTS, isModule, isTest, textOf } from './docs/blocks.js'
import { Reader } from './docs/reader.js'
import { scratchFolder, writeBlock } from './docs/running.js'
import { typeFaults } from './docs/typed.js'
import { redisForTests } from './redis-server.js'
import { ROOT } from './sources.js'

// Every code block of every README runs; blocks.ts tells how a README says what a block is given, and what is looked at.

const folder = scratchFolder()
afterAll(folder.remove)

let redis: Awaited<ReturnType<typeof redisForTests>>
beforeAll(async () => {
  redis = await redisForTests()
  vi.stubEnv('REDIS_URL', redis.url)
  vi.stubEnv('ACCOUNTS_FILE', join(folder.path, 'accounts.db'))
  vi.stubEnv('RECORDS_FILE', join(folder.path, 'records.db'))
  vi.stubEnv('MOVED_FILE', join(folder.path, 'moved.db'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  // What a block connected to it says of its end is of no interest.
  vi.spyOn(console, 'error').mockReturnValue()
  await redis.stop()
})

const documents = DOCUMENTS.map((document) => ({ document, blocks: blocksOf(document) }))
const modules = documents.flatMap(({ blocks }) => blocks.filter(isModule))
const paths = new Map(modules.map((block) => [block, writeBlock(folder.path, block)]))

test('every TypeScript block compiles in strict mode', { timeout: 60_000 }, async () => {
  expect(modules.filter(({ language }) => language === 'ts')).not.toEqual([])
  expect(await typeFaults(folder.path)).toBe('')
})

test.each(['express', 'koa'])('the first block for %s has at most 15 lines', (framework) => {
  const first = blocksOf('README.md').find(({ code }) => code.includes(`from '${framework}'`))
  expect(first?.code.split('\n').length).toBeLessThanOrEqual(15)
})

describe.each(documents)('$document', ({ document, blocks }) => {
  const reader = new Reader(paths)
  afterAll(() => reader.close())

  test.each(blocks.filter((block) => !isTest(block)))('the $language block at line $line runs', (block) =>
    reader.run(block),
  )

  // The tests that such a block shows come to stand here.
  describe.each(blocks.filter(isTest))('the tests at line $line', async (block) => {
    await import(/* @vite-ignore */ paths.get(block) ?? '')
  })

  test('links to files and headings that are there', () => {
    const links = [...textOf(document).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)]
    const broken = links.filter(([, file, anchor]) => {
      const target = file ? join(dirname(document), file) : document
      return !existsSync(join(ROOT, target)) || (anchor && !anchorsOf(target).includes(anchor))
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })
})
