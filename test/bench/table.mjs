/** A table as plain text: labels to the left, numbers to the right. */
export function printed({ title, rows }) {
  const columns = [...new Set(rows.flatMap(Object.keys))]
  const cells = [
    columns.map((column) => (column === 'label' ? '' : column)),
    ...rows.map((row) => columns.map((column) => written(row[column]))),
  ]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)))
  const lines = cells.map((line) =>
    line
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index])))
      .join('   ')
      .trimEnd(),
  )
  return [title, ...lines].join('\n')
}

function written(value) {
  if (typeof value !== 'number') return value ?? ''
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 3)
}
