import type { CompleteClock } from '../clock.js'
import { DEFAULT_GRACE_MS, type TermsOptions } from './options.js'

/** The Terms as they are cited: one object for each version, so that what is written of it can be kept with it. */
export interface CitedVersion {
  /** Absent where the provider names none, or none has taken effect yet. */
  readonly version: string | undefined
  /** Where its text can be read. */
  readonly url: string
}

/** A version of the Terms, and its time. In ms since 1970. */
export interface DatedVersion extends CitedVersion {
  readonly version: string
  /** Its place among the versions, the oldest having 0. */
  readonly at: number
  readonly effectiveAt: number
  /** Until when it may still be accepted by who accepted an older one. */
  readonly acceptBy: number
}

/** Whether it is listed with the time from which it is in force. */
export function isDated(cited: CitedVersion): cited is DatedVersion {
  return 'effectiveAt' in cited
}

/** The versions that the options list, oldest first. */
export function datedVersions({
  url,
  versions = [],
  graceMs = DEFAULT_GRACE_MS,
}: TermsOptions): DatedVersion[] {
  return versions
    .toSorted((one, other) => one.effectiveAt.getTime() - other.effectiveAt.getTime())
    .map((listed, at) => {
      const effectiveAt = listed.effectiveAt.getTime()
      const acceptBy = effectiveAt + graceMs
      return Object.freeze({ version: listed.version, url: listed.url ?? url, at, effectiveAt, acceptBy })
    })
}

export interface VersionContext {
  readonly clock: CompleteClock
  /** Another one is in force than before. */
  onOtherVersion?(): void
}

/** Tells which version is in force. It is searched for when one has come into force, or the clock was set back: not with each request. */
export class VersionInForce {
  readonly #versions: readonly DatedVersion[]
  readonly #before: CitedVersion
  readonly #is: VersionContext
  #current: DatedVersion | undefined
  #from = Infinity
  #until = -Infinity

  /** @param before what is cited before the first version has taken effect */
  constructor(versions: readonly DatedVersion[], before: CitedVersion, context: VersionContext) {
    this.#versions = versions
    this.#before = before
    this.#is = context
  }

  /** `undefined` before the first has taken effect: until then nothing has to be accepted. */
  get dated(): DatedVersion | undefined {
    const now = this.#is.clock.now()
    if (now < this.#from || now >= this.#until) this.#find(now)
    return this.#current
  }

  /** As it was found last, without a look at the clock. */
  get last(): DatedVersion | undefined {
    return this.#current
  }

  get cited(): CitedVersion {
    return this.dated ?? this.#before
  }

  #find(now: number): void {
    this.#current = this.#versions.findLast(({ effectiveAt }) => effectiveAt <= now)
    this.#from = this.#current?.effectiveAt ?? -Infinity
    this.#until = this.#versions.find(({ effectiveAt }) => effectiveAt > now)?.effectiveAt ?? Infinity
    this.#is.onOtherVersion?.()
  }
}
