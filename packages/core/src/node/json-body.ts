import type { Incoming } from './incoming.js'

/** Why there is no content to read. */
export type NoContent = 'too-long' | 'too-slow' | 'broken-off' | 'no-json'

/** Reads content of JSON, of so many bytes and for so long at most. It resolves whatever the caller does. */
export async function readJson(
  req: Incoming,
  maxBytes: number,
  ms: number,
): Promise<{ readonly value: unknown } | NoContent> {
  const read = await readBytes(req, maxBytes, ms)
  if (typeof read === 'string') return read
  try {
    // RFC 8259 §8.1: UTF-8, and nothing that is none put right in silence.
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(read)) as unknown }
  } catch {
    return 'no-json'
  }
}

function readBytes(req: Incoming, maxBytes: number, ms: number): Promise<Buffer | NoContent> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const settle = (read: Buffer | NoContent) => {
      clearTimeout(timer)
      req.off('data', take).off('end', whole).off('close', broken).off('error', broken)
      // Node closes the connection after the answer, as the content is not read to its end.
      if (typeof read === 'string') req.on('error', () => {}).pause()
      resolve(read)
    }
    const take = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) settle('too-long')
      else chunks.push(chunk)
    }
    const whole = () => settle(Buffer.concat(chunks))
    const broken = () => settle('broken-off')
    const timer = setTimeout(() => settle('too-slow'), ms)
    timer.unref()
    req.on('data', take).on('end', whole).on('close', broken).on('error', broken)
  })
}
