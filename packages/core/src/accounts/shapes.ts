import * as v from 'valibot'
import { isRecord } from '../checked.js'
import type { OptionIssue } from '../errors.js'
import { likelyName } from '../likely-name.js'

// Of what shape the parts of records are.

/** An object with these members and no others: no list, and nothing that is read in another way, such as a Map. */
export function strict<const E extends v.ObjectEntries>(entries: E) {
  const names = Object.keys(entries)
  const form = `must be an object of: ${names.join(', ')}`
  // Without a prototype: what every object has is no member here.
  const own = Object.assign(Object.create(null) as object, entries)
  const members = v.strictObject(own, (issue) => {
    const name = String(issue.path?.at(-1)?.key)
    if (issue.expected === 'never') return `is not known; ${likelyName(name, names)}`
    return issue.path && issue.received === 'undefined' ? 'is missing' : form
  })
  return v.pipe(v.custom<v.InferInput<typeof members>>(isRecord, form), members)
}

/** Names that every object has: the library passes over them, whatever they hold, and copies lose one of them. */
const OF_EVERY_OBJECT = ['__proto__', 'constructor', 'prototype']

/** An object with names of one's own choosing. */
export function dictionary<Value extends v.GenericSchema>(
  names: v.GenericSchema<string, string>,
  values: Value,
  form: string,
) {
  return v.pipe(
    v.custom<Record<string, v.InferInput<Value>>>(isRecord, form),
    v.check(
      (given) => !OF_EVERY_OBJECT.some((name) => Object.hasOwn(given, name)),
      `must not have a member named ${OF_EVERY_OBJECT.join(' or ')}`,
    ),
    v.record(names, values, form),
  )
}

/** A list in which each has an id of its own, where it has one: but for those that may be over, whose ids may be given again. */
export function listOfOwnIds<Entry extends v.GenericSchema<{ readonly id?: string | undefined }>>(
  entry: Entry,
  form: string,
  mayBeOver: (each: v.InferOutput<Entry>) => boolean = () => false,
) {
  return v.pipe(
    v.array(entry, form),
    v.check((list) => {
      const ids = list
        .filter((each) => !mayBeOver(each))
        .map(({ id }) => id)
        .filter((id) => id !== undefined)
      return new Set(ids).size === ids.length
    }, 'holds an id twice: each needs its own'),
  )
}

/** What is wrong with a value. `path` is where it stands, e.g. `accounts[3]`. */
export function issuesIn(schema: v.GenericSchema, value: unknown, path: string): OptionIssue[] {
  return (v.safeParse(schema, value).issues ?? []).map((issue) => ({
    path: (issue.path ?? []).reduce(deeper, path),
    message: issue.message,
  }))
}

function deeper(path: string, { key }: { readonly key: unknown }): string {
  if (typeof key === 'number') return `${path}[${key}]`
  return path === '' ? String(key) : `${path}.${String(key)}`
}
