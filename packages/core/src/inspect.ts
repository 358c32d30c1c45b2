/** What `util.inspect`, and so `console.log`, asks an object for. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')
