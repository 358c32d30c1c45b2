import { coverage, type ClauseCoverage, type Gate } from '@api-terms/core'

/** How each clause of the Terms is met by the gate, a line each: it begins with `#`, as a line for programs never does. */
export function coverageTable(gate: Gate): string {
  const rows = [HEAD, ...coverage(gate).map(cellsOf)]
  const widths = [0, 1].map((at) => Math.max(...rows.map((cells) => cells[at]!.length)))
  return rows
    .map((cells) => `# ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
}

const HEAD = ['clause', 'met', 'what is asked | by | open']

function cellsOf({ clause, met, asks, by, gaps }: ClauseCoverage): string[] {
  const open = gaps.map(({ remedy }) => remedy)
  return [
    clause,
    met,
    [
      asks,
      ...(by.length > 0 ? [`by ${by.join(', ')}`] : []),
      ...(open.length > 0 ? [`open: ${open.join('; ')}`] : []),
    ].join(' | '),
  ]
}
