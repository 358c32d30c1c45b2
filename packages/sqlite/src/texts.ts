// Text in a column of its own is written as inside a JSON string: SQLite ends a text at its first NUL, and keeps no half of a surrogate
// pair, so that two ids could become one.

/** Text as it stands in a column. */
export function columnOf(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** Text from a column. */
export function textOf(column: string): string {
  return JSON.parse(`"${column}"`) as string
}
