/** Tells the operator what went wrong in answering. A caller that hangs up in the middle is no fault of the server's. */
export function reportFault(error: unknown): void {
  if (!HUNG_UP.has((error as NodeJS.ErrnoException | undefined)?.code)) console.error(error)
}

const HUNG_UP = new Set<string | undefined>(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'])
