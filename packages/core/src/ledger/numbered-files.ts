import { access, rename, rm } from 'node:fs/promises'

/**
 * A file, and those before it with a number behind: 1 is the last before. What is on its way there has the number 0, for a moment, or
 * until what stands in its way has gone.
 */
export class NumberedFiles {
  constructor(
    private readonly path: string,
    private readonly files: number,
  ) {}

  /** Takes the file out of the way. Rejects where that fails, or where it has to stay number 0; what is older is there all the same. */
  async moveOn(): Promise<void> {
    if (this.files === 1) return rm(this.path)
    // Only here is it known whether the file can be moved: no older one is given up for it before.
    await this.#makeRoom()
    await rename(this.path, this.#at(0))
    await this.#makeRoom()
  }

  /** Number 0 becomes 1, and so on up to the first number that is free: the oldest goes only where none is. */
  async #makeRoom(): Promise<void> {
    if (!(await isThere(this.#at(0)))) return
    let free = 1
    // oxlint-disable-next-line no-await-in-loop -- few
    while (free < this.files - 1 && (await isThere(this.#at(free)))) free++
    for (let number = free; number > 0; number--) {
      // oxlint-disable-next-line no-await-in-loop -- each makes room for the one before
      await rename(this.#at(number - 1), this.#at(number))
    }
  }

  #at(number: number): string {
    return `${this.path}.${number}`
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    return false
  }
}
