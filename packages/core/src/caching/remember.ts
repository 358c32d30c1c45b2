import { LRUCache } from 'lru-cache'

// Handlers have few words. Those that put a time or an id into theirs must not fill the memory.
const MOST = 64
const LONGEST = 512

/** The same function of a text, worked out once for the texts that come again and again. */
export function remembering<Result extends object | string>(
  work: (text: string) => Result,
): (text: string) => Result {
  // Made when it is first needed: most ceilings are never spoken to.
  let known: LRUCache<string, Result> | undefined
  return (text) => {
    known ??= new LRUCache<string, Result>({ max: MOST })
    let result = known.get(text)
    if (result === undefined) {
      result = work(text)
      if (text.length <= LONGEST) known.set(text, result)
    }
    return result
  }
}
