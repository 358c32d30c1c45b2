import { bounded } from '../bounded.js'
import type { CompleteClock } from '../clock.js'
import { createPathMatch } from '../path-pattern.js'
import { isPromise } from '../pending.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { coverHead } from './methods.js'

/** Requests that the provider turns away: those for which every condition given holds. At least one has to be given. */
export interface BlockRule {
  /** A path-to-regexp 8 pattern over the whole path. */
  path?: string | undefined
  /** GET covers HEAD. Case-sensitive. */
  methods?: readonly string[] | undefined
  /** Ids of the accounts that it is for. Such a rule is looked at once it is known who asks. Default: all. */
  accounts?: readonly string[] | undefined
  /** `true` blocks. So does throwing, rejecting or taking longer than `connections.timeoutMs`: a rule that fails must not let pass what it is there to stop. */
  when?: ((request: GateRequest) => boolean | Promise<boolean>) | undefined
  /** What the caller reads. */
  detail?: string | undefined
}

/** How long a rule's promise is waited for; then as if it had been rejected. */
export interface Patience {
  readonly ms: number
  readonly clock: CompleteClock
}

type Verdict = Ground | undefined

interface CompiledRule {
  readonly ground: Ground
  readonly fits: (decodedPath: string) => boolean
  readonly takes: (method: string) => boolean
  /** Absent: whoever asks. */
  readonly accounts: ReadonlySet<string> | undefined
  readonly when: BlockRule['when']
}

/** Refuses what a rule blocks, as `request-blocked`. */
export interface BlockCheck {
  /** The rules that a path falls under. */
  rulesOf(decodedPath: string): RulesOfPath
  /** A promise only where the `when` of one of these rules returns one. */
  check(request: GateRequest, rules: readonly CompiledRule[]): Verdict | Promise<Verdict>
  /** Whether any rule is for some accounts only. */
  readonly asksWho: boolean
}

export interface RulesOfPath {
  readonly forAll: readonly CompiledRule[]
  readonly forSome: readonly CompiledRule[]
}

export const NO_RULES: RulesOfPath = { forAll: [], forSome: [] }

export function createBlockCheck(rules: readonly BlockRule[] | undefined, patience: Patience): BlockCheck {
  const compiled = (rules ?? []).map(compile)

  const checkFrom = (
    start: number,
    request: GateRequest,
    applying: readonly CompiledRule[],
  ): Verdict | Promise<Verdict> => {
    for (let index = start; index < applying.length; index++) {
      const rule = applying[index]!
      if (!rule.takes(request.method)) continue
      const blocks = ask(rule, request, patience)
      if (typeof blocks === 'object') {
        return blocks.then(
          (answer) => (answer ? rule.ground : checkFrom(index + 1, request, applying)),
          () => rule.ground,
        )
      }
      if (blocks) return rule.ground
    }
    return undefined
  }
  const isForAll = ({ accounts }: CompiledRule) => accounts === undefined
  return {
    rulesOf(path) {
      const fitting = compiled.filter((rule) => rule.fits(path))
      return {
        forAll: fitting.filter(isForAll),
        forSome: fitting.filter((rule) => !isForAll(rule)),
      }
    },
    asksWho: !compiled.every(isForAll),
    check: (request, applying) => (applying.length === 0 ? undefined : checkFrom(0, request, applying)),
  }
}

function ask(
  { when }: CompiledRule,
  request: GateRequest,
  { ms, clock }: Patience,
): boolean | Promise<boolean> {
  if (!when) return true
  try {
    const answer: unknown = when(request)
    if (!isPromise(answer)) return Boolean(answer)
    return bounded(Promise.resolve(answer).then(Boolean), ms, 'when of a block rule', clock)
  } catch {
    return true
  }
}

function compile({ path, methods, accounts, when, detail }: BlockRule): CompiledRule {
  const fits = path === undefined ? undefined : createPathMatch([path])
  const names = methods === undefined ? undefined : coverHead(methods)
  return {
    ground: Object.freeze<Ground>({
      reason: 'request-blocked',
      detail: detail ?? 'The provider of the API does not take this request.',
    }),
    fits: fits ?? (() => true),
    takes: (method) => names?.has(method) ?? true,
    accounts: accounts && new Set(accounts),
    when,
  }
}
