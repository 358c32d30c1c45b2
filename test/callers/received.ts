/** What came back, whatever the version of HTTP. */
export interface Received {
  readonly status: number
  /** The reason phrase; HTTP/2 has none. */
  readonly message: string
  /** Field lines by lower-case name, each line as it stood on the wire. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  readonly body: string
  /** The statuses of the 1xx answers before it. */
  readonly interim: readonly number[]
}

/** Name, value, name, value …, gathered by name. */
export function gatherFields(raw: readonly string[]): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (!name.startsWith(':')) (fields[name] ??= []).push(raw[at + 1]!)
  }
  return fields
}
