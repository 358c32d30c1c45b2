/**
 * A member of a request or response. Express gives each of them a shape of its own, and the engine, before V8 13, calls its slow runtime for a
 * member that is named in the code: tenfold what this costs.
 */
export function look<T extends object, Name extends keyof T>(at: T, name: Name): T[Name] {
  return Reflect.get(at, name) as T[Name]
}
