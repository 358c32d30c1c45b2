import { open, stat, type FileHandle } from 'node:fs/promises'

/** A file of whole lines, open to be added to. */
export class LineFile {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly device: bigint,
    private readonly inode: bigint,
    /** Up to here it holds whole lines. */
    public bytes: number,
  ) {}

  static async at(path: string): Promise<LineFile> {
    const file = await open(path, 'a+')
    try {
      const { dev, ino, size } = await file.stat({ bigint: true })
      const bytes = Number(size)
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, bytes - 1))
      // A process that was killed may have left half a line: what follows must not be part of it.
      const torn = bytes > 0 && buffer[0] !== NEWLINE
      if (torn) await file.write('\n')
      return new LineFile(path, file, dev, ino, torn ? bytes + 1 : bytes)
    } catch (cause) {
      await file.close()
      throw cause
    }
  }

  /** Whether it still has its name and its length: whoever rotates logs may have removed it, renamed it or cut it short. */
  async isAsLeft(): Promise<boolean> {
    const there = await stat(this.path, { bigint: true }).catch(() => undefined)
    return there?.ino === this.inode && there.dev === this.device && there.size === BigInt(this.bytes)
  }

  /** All of it or nothing. */
  async append(lines: string): Promise<void> {
    const text = Buffer.from(lines)
    try {
      for (let at = 0; at < text.length;) {
        // oxlint-disable-next-line no-await-in-loop -- a disk that is nearly full takes a part
        at += (await this.file.write(text, at)).bytesWritten
      }
      this.bytes += text.length
    } catch (cause) {
      await this.file.truncate(this.bytes).catch(() => undefined)
      throw cause
    }
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

const NEWLINE = 10
