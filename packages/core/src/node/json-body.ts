import type { Incoming } from './incoming.js'

/** Why there is no content to read. */
export type NoContent = 'too-long' | 'too-slow' | 'broken-off' | 'no-json' | 'kept-by-another'

type Content = { readonly value: unknown } | NoContent

/**
 * Whether somebody before has read of the content. Parsers of bodies set a value for content that they left alone as well: `{}`, most of
 * them.
 */
export function wasRead(req: Incoming): boolean {
  return req.readableDidRead || req.readableEnded
}

/** Content that was read before: as the value that a parser made of it, as text, or as bytes. */
export function readBefore(left: unknown): Content {
  if (left === undefined) return 'kept-by-another'
  return typeof left === 'string' || left instanceof Uint8Array ? parsed(left) : { value: left }
}

/** Reads content of JSON, of so many bytes and for so long at most. It resolves whatever the caller does. */
export async function readJson(req: Incoming, maxBytes: number, ms: number): Promise<Content> {
  const read = await readBytes(req, maxBytes, ms)
  return typeof read === 'string' ? read : parsed(read)
}

function parsed(content: string | Uint8Array): Content {
  try {
    // RFC 8259 §8.1: UTF-8, and nothing that is none put right in silence.
    const text =
      typeof content === 'string' ? content : new TextDecoder('utf-8', { fatal: true }).decode(content)
    return { value: JSON.parse(text) as unknown }
  } catch {
    return 'no-json'
  }
}

function readBytes(req: Incoming, maxBytes: number, ms: number): Promise<Buffer | NoContent> {
  // Whoever listens to what is destroyed already hears nothing any more.
  if (req.destroyed) return Promise.resolve('broken-off')
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
