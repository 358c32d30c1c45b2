import { resolve } from 'node:path'
import { ABSENT_OR_TEXT, checkNamed, wholeNumber } from '../checked.js'
import { StoreError } from '../errors.js'
import { linesOf, type LedgerEntry, type LedgerSink } from './entry.js'
import { LineFile } from './line-file.js'
import { NumberedFiles } from './numbered-files.js'

/** Options of `fileLedger`. */
export interface FileLedgerOptions {
  /** The file that is written to. Older ones have a number behind: `ledger.ndjson.1` is the last before. One process per file. */
  path: string
  /**
   * How long a file may get, in bytes; a single entry may be longer. Default 67 108 864: 64 MiB. Where no new file can be begun, the old one goes
   * on, with a warning.
   */
  maxBytes?: number
  /** How many files are kept, the one that is written to included. Default 8. */
  files?: number
}

/**
 * Writes entries to a file, one line of JSON each, and begins a new one in time. A full disk leaves no half line behind, and a file that is
 * removed or renamed beneath is begun anew.
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
  // Once: else a process that goes into another folder would go on writing there.
  return new FileLedger(resolve(path), maxBytes, files)
}

class FileLedger implements LedgerSink {
  readonly #files: NumberedFiles
  #file: LineFile | undefined
  /** The entry that was written last: of a batch that failed half-way, those behind it come again. */
  #last: string | undefined
  #closed = false
  #warn: (message: string, cause: unknown) => void = () => {}

  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
    files: number,
  ) {
    this.#files = new NumberedFiles(path, files)
  }

  onWarning(listener: (message: string, cause: unknown) => void): void {
    this.#warn = listener
  }

  async write(entries: readonly LedgerEntry[]): Promise<void> {
    let file = await this.#reach()
    // Where it cannot be moved on, that is tried once for each batch.
    let stuck = false
    let piece = new Piece()
    for (const entry of entries.slice(entries.findIndex(({ id }) => id === this.#last) + 1)) {
      const line = linesOf([entry])
      const before = file.bytes + piece.bytes
      if (!stuck && before > 0 && before + Buffer.byteLength(line) > this.maxBytes) {
        // oxlint-disable-next-line no-await-in-loop -- in order
        await this.#append(file, piece)
        // oxlint-disable-next-line no-await-in-loop -- in order
        file = await this.#next()
        stuck = file.bytes > 0
        piece = new Piece()
      }
      piece.add(line, entry.id)
    }
    await this.#append(file, piece)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#letGo()
  }

  async #append(file: LineFile, { lines, last }: Piece): Promise<void> {
    try {
      await file.append(lines)
    } catch (cause) {
      await this.#letGo().catch(() => undefined)
      throw cause
    }
    this.#last = last ?? this.#last
  }

  async #reach(): Promise<LineFile> {
    if (await this.#file?.isAsLeft()) return this.#file!
    await this.#letGo()
    return this.#open()
  }

  /** A new file, or, where the old one cannot be taken out of the way, that one again. */
  async #next(): Promise<LineFile> {
    await this.#letGo()
    await this.#files
      .moveOn()
      .catch((cause: unknown) => this.#warn('a new file of the ledger could not be begun in order', cause))
    return this.#open()
  }

  /** What is still under way as the ledger is closed must leave nothing open. */
  async #open(): Promise<LineFile> {
    if (!this.#closed) this.#file = await LineFile.at(this.path)
    if (this.#file && !this.#closed) return this.#file
    await this.#letGo()
    throw new StoreError('api-terms: the ledger is closed')
  }

  async #letGo(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}

/** Lines that are written at once. */
class Piece {
  lines = ''
  bytes = 0
  last: string | undefined

  add(line: string, id: string): void {
    this.lines += line
    this.bytes += Buffer.byteLength(line)
    this.last = id
  }
}
