import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../sources.js'

/** The languages whose blocks are run. A fence of no language shows text; there are no others, so that no block stays out unseen. */
const RUN = ['ts', 'js', 'sh', 'http']
/** Run by tests of their own: `proxy-nginx.test.ts`. */
const RUN_ELSEWHERE = ['nginx']

/** A code block of a README. */
export interface Block {
  readonly document: string
  /** Of its first line of code. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** Names that it takes from given.ts: `<!-- given: registry, key -->` stands before it. */
  readonly given: readonly string[]
  /** What is looked at after it ran: `<!-- check: webSocket -->` names a function of checks.ts, or of shell.ts for `sh`. */
  readonly check: string | undefined
}

/** Every README of the project, from the root. */
export const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`),
  'examples/README.md',
]

export function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8')
}

/** The blocks of a README that are run, in their order. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = []
  let comments: string[] = []
  let fence: { language: string; line: number; code: string[] } | undefined
  textOf(document)
    .split('\n')
    .forEach((line, index) => {
      if (fence && line === '```') {
        const { language, code } = fence
        if (RUN.includes(language)) {
          const [given = '', check] = [said('given', comments), said('check', comments)]
          const names = given.split(/,\s*/).filter(Boolean)
          blocks.push({ document, line: fence.line, language, code: code.join('\n'), given: names, check })
        }
        fence = undefined
        comments = []
      } else if (fence) fence.code.push(line)
      else if (/^\s*(```|~~~)/.test(line)) {
        const language = line.replace(/^\s*(```|~~~)/, '').trim()
        if (language !== '' && ![...RUN, ...RUN_ELSEWHERE].includes(language))
          throw new Error(`${document} has a block of ${language}`)
        fence = { language, line: index + 2, code: [] }
      } else if (line.startsWith('<!--')) comments.push(line)
      else if (line.trim() !== '') comments = []
    })
  return blocks
}

/** The rows of the table under a heading, cell by cell. */
export function tableUnder(document: string, heading: string): string[][] {
  const lines = textOf(document).split('\n')
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (from === -1) throw new Error(`${document} has no heading "${heading}"`)
  const start = lines.findIndex((line, index) => index > from && line.startsWith('|'))
  const rows = lines.slice(start)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(2, end === -1 ? undefined : end).map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

function said(word: string, comments: readonly string[]): string | undefined {
  return comments.map((line) => new RegExp(`^<!-- ${word}: (.*) -->$`).exec(line)?.[1]).find(Boolean)
}

/** The fragments by which a document's headings are linked to. */
export function anchorsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

export function isModule({ language }: Block): boolean {
  return language === 'ts' || language === 'js'
}

/** Whether it shows tests, which are run as tests. */
export function isTest(block: Block): boolean {
  return isModule(block) && block.code.includes("from 'vitest'")
}
