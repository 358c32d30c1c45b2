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
  const rulesOf = recalling((path) => {
    const read = decode(path)
    return rules.filter((rule) => rule.fits(read))
  })
  return (method, path, account) => {
    // HEAD has the fields that GET would have (RFC 9110 §9.3.2).
    const asked = method === 'HEAD' ? 'GET' : method
    if (rules.length > 0) {
      for (const rule of rulesOf(path)) {
        if (rule.methods.has(asked) && (!rule.accounts || rule.accounts.has(account))) return rule.ceiling
      }
    }
    return asked === 'GET' ? otherwise : noStore
  }
}

function compileRule(rule: CacheRule) {
  return {
    fits: createPathMatch([rule.path]),
    // Answers to other methods are kept only where a rule names the method.
    methods: new Set(rule.methods ?? ['GET']),
    accounts: rule.accounts && new Set(rule.accounts),
    ceiling: createCeiling(compilePolicy(rule.policy)),
  }
}
