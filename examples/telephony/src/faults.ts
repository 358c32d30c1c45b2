/** Tells the operator what went wrong in answering. A caller that hangs up in the middle is no fault of the server's. */
export function reportFault(error: unknown): void {
  if (!HUNG_UP.has((error as NodeJS.ErrnoException | undefined)?.code)) console.error(error)
}

const HUNG_UP = new Set<string | undefined>(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'])

/** What who starts the program can mend: its message is all there is to say. */
export class CannotStart extends Error {}

/** Tells why the program ends where nobody has stopped it. */
export function reportEnd(error: unknown): void {
  console.error(error instanceof CannotStart ? error.message : error)
  process.exitCode = 1
}
