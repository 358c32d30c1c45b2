// CommonJS in both builds: only `require` can load a package at once, and not at all where it is not installed.

/** The class that opens a database with `libsql`, where that is installed for this machine. */
export function loadLibsql(): unknown {
  try {
    return require('libsql')
  } catch {
    return undefined
  }
}
