import type { Writable } from 'node:stream'
import { OptionsError } from '../errors.js'
import { linesOf, type LedgerSink } from './entry.js'

/**
 * Writes entries to a stream, one line of JSON each: to `process.stdout`, for whatever collects it. The stream stays the provider's: it is
 * not ended. Its errors are met here, so that a closed pipe ends no process.
 *
 * @throws OptionsError where it is no stream that can be written to.
 */
export function streamLedger(stream: Writable): LedgerSink {
  if (typeof (stream as Writable | undefined)?.write !== 'function')
    throw new OptionsError([{ path: 'stream', message: 'must be a stream to write to, e.g. process.stdout' }])
  const ignore = () => {}
  stream.on('error', ignore)
  return {
    write: (entries) =>
      new Promise((resolve, reject) => {
        stream.write(linesOf(entries), (error) => (error ? reject(error) : resolve()))
      }),
    close() {
      // An error of what was written last may still come.
      setImmediate(() => stream.off('error', ignore))
      return Promise.resolve()
    },
  }
}
