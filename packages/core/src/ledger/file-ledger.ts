import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { ABSENT_OR_TEXT, checkNamed, wholeNumber } from '../checked.js'
import { linesOf, type LedgerEntry, type LedgerSink } from './entry.js'

/** Options of `fileLedger`. */
export interface FileLedgerOptions {
  /** The file that is written to. Older ones have a number behind: `ledger.ndjson.1` is the last before. One process per file. */
  path: string
  /** How long a file may get, in bytes, before the next is begun. Default 67 108 864: 64 MiB. */
  maxBytes?: number
  /** How many files are kept, the one that is written to included. Default 8. */
  files?: number
}

/**
 * Writes entries to a file, one line of JSON each, and begins a new one in time. A full disk leaves no half line behind.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function fileLedger(options: FileLedgerOptions): LedgerSink {
  const [holds, remedy] = ABSENT_OR_TEXT
  checkNamed(options ?? {}, {
    path: [(value) => value !== undefined && holds(value), remedy],
    maxBytes: wholeNumber(1, 'bytes'),
    files: wholeNumber(1, 'files'),
  })
  const { path, maxBytes = 67_108_864, files = 8 } = options
  return new FileLedger(path, maxBytes, files)
}

class FileLedger implements LedgerSink {
  #file: FileHandle | undefined
  /** Up to here the file holds whole lines. */
  #bytes = 0

  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
    private readonly files: number,
  ) {}

  async write(entries: readonly LedgerEntry[]): Promise<void> {
    const lines = Buffer.from(linesOf(entries))
    let file = this.#file ?? (await this.#open())
    if (this.#bytes > 0 && this.#bytes + lines.length > this.maxBytes) file = await this.#next()
    try {
      for (let at = 0; at < lines.length;) {
        // oxlint-disable-next-line no-await-in-loop -- a disk that is nearly full takes a part
        at += (await file.write(lines, at)).bytesWritten
      }
      this.#bytes += lines.length
    } catch (cause) {
      await file.truncate(this.#bytes).catch(() => undefined)
      await this.close().catch(() => undefined)
      throw cause
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.path, 'a+')
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
      // A process that was killed may have left half a line: what follows must not be part of it.
      const torn = size > 0 && buffer[0] !== NEWLINE
      if (torn) await file.write('\n')
      this.#bytes = torn ? size + 1 : size
    } catch (cause) {
      await file.close()
      throw cause
    }
    return (this.#file = file)
  }

  /** The files move on by one; the oldest goes. */
  async #next(): Promise<FileHandle> {
    await this.close()
    for (let number = this.files - 1; number > 0; number--) {
      const from = number === 1 ? this.path : `${this.path}.${number - 1}`
      // oxlint-disable-next-line no-await-in-loop -- each makes room for the one before
      await rename(from, `${this.path}.${number}`).catch(ignoreAbsent)
    }
    if (this.files === 1) await rm(this.path)
    return this.#open()
  }
}

const NEWLINE = 10

function ignoreAbsent(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'ENOENT') throw cause
}
