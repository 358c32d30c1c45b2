import { createPathDecoder, createPathMatch } from '../path-pattern.js'
import { recalling } from '../recall.js'
import { type Ceiling, createCeiling } from './ceiling.js'
import type { CacheRule, CachingOptions } from './options.js'
import { compilePolicy } from './policy.js'

/** The ceiling for an answer, by the first rule that matches. */
type PickCeiling = (method: string, path: string, account: string) => Ceiling

export function createPicker(options: CachingOptions, noStore: Ceiling): PickCeiling {
  const decode = createPathDecoder()
  const rules = (options.rules ?? []).map(compileRule)
  const otherwise = options.default === undefined ? noStore : createCeiling(compilePolicy(options.default))
  const pickAmong = (matching: readonly Rule[], method: string, account: string) => {
    for (const { methods, accounts, ceiling } of matching)
      if (methods.has(method) && (!accounts || accounts.has(account))) return ceiling
    return method === 'GET' ? otherwise : noStore
  }
  const ofPath = recalling((path) => {
    const read = decode(path)
    const matching = rules.filter((rule) => rule.fits(read))
    // Most answers are to GET, under rules for all accounts.
    const dependsOnAccount = matching.some(({ accounts }) => accounts)
    return { matching, ofGet: dependsOnAccount ? undefined : pickAmong(matching, 'GET', '') }
  })
  return (method, path, account) => {
    const { matching, ofGet } = ofPath(path)
    // HEAD has the fields that GET would have (RFC 9110 §9.3.2).
    const asked = method === 'HEAD' ? 'GET' : method
    return asked === 'GET' && ofGet ? ofGet : pickAmong(matching, asked, account)
  }
}

type Rule = ReturnType<typeof compileRule>

function compileRule(rule: CacheRule) {
  return {
    fits: createPathMatch([rule.path]),
    // Answers to other methods are kept only where a rule names the method.
    methods: new Set(rule.methods ?? ['GET']),
    accounts: rule.accounts && new Set(rule.accounts),
    ceiling: createCeiling(compilePolicy(rule.policy)),
  }
}
