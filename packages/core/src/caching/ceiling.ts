import { inOnePiece } from '../one-piece.js'
import { type Directives, NOTHING_SAID, readDirectives, writeDirectives } from './directives.js'
import { asCeiling, narrow } from './narrow.js'
import type { CompiledPolicy } from './policy.js'
import { remembering } from './remember.js'

/** What is to be written, ready. */
export interface Stamped {
  readonly directives: Directives
  /** The value of Cache-Control. */
  readonly text: string
  /** Whether a shared cache may store the answer. */
  readonly shared: boolean
}

/** The most that is permitted, and what it comes to with the words of handlers. */
export interface Ceiling extends Stamped {
  /** The lines of Cache-Control and Vary, for a credential that came in this field, behind lines that stay the same. */
  linesBehind(before: string, field: string): string
  /** The ceiling that `admission.cache()` leaves. */
  below(own: CompiledPolicy): Ceiling
  /** With a Cache-Control, and with the lifetime that an Expires gives, in seconds. */
  withFields(cacheControl: string | undefined, expiresIn: number | undefined): Stamped
}

export function createCeiling(policy: CompiledPolicy): Ceiling {
  return ceilingOf(asCeiling(policy.directives))
}

function ceilingOf(directives: Directives): Ceiling {
  const below = remembering((text) => ceilingOf(narrow(directives, readDirectives(text))))
  const withCacheControl = remembering((text) => stamped(narrow(directives, readDirectives(text))))
  const withExpires = (cacheControl: string | undefined, expiresIn: number): Stamped => {
    const said = cacheControl === undefined ? NOTHING_SAID : readDirectives(cacheControl)
    // Expires counts only where Cache-Control has no max-age (RFC 9111 §5.3).
    return stamped(narrow(directives, { ...said, maxAge: said.maxAge ?? expiresIn }))
  }
  const alone = stamped(directives)
  let last = { before: '', field: '', lines: '' }
  return {
    ...alone,
    linesBehind(before, field) {
      if (field !== last.field || before !== last.before)
        last = {
          before,
          field,
          lines: inOnePiece(`${before}Cache-Control: ${alone.text}\r\nVary: ${field}\r\n`),
        }
      return last.lines
    },
    below: (own) => below(own.text),
    withFields(cacheControl, expiresIn) {
      if (expiresIn !== undefined) return withExpires(cacheControl, expiresIn)
      return cacheControl === undefined ? alone : withCacheControl(cacheControl)
    },
  }
}

function stamped(directives: Directives): Stamped {
  const shared = directives.visibility === 'public' && !directives.noStore
  return { directives, text: writeDirectives(directives), shared }
}
