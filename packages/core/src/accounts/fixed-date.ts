/** A Date that nobody can set: what freezes an object keeps nobody from that, since the moment is no member of it. */
class FixedDate extends Date {}

for (const name of Object.getOwnPropertyNames(Date.prototype).filter((each) => each.startsWith('set'))) {
  Object.defineProperty(FixedDate.prototype, name, {
    value(): never {
      throw new TypeError('a date of a record cannot be set: set a copy, new Date(date)')
    },
  })
}
// Libraries for dates make a copy to work on with the constructor of what they are given.
Object.defineProperty(FixedDate.prototype, 'constructor', { value: Date })

/** The same moment, as nobody can alter it. */
export function fixedDate(date: Date | number): Date {
  return date instanceof FixedDate ? date : Object.freeze(new FixedDate(Number(date)))
}

export function isFixedDate(date: object): boolean {
  return date instanceof FixedDate
}
