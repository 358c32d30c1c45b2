/**
 * Until a signal asks the program to end, or whoever reads what it prints has gone, as `head` does: asked for before anything is opened, it
 * leaves nothing open. What comes within a second is that
 * signal again: a terminal signals every process of a command, and npm passes it on besides. A later one, of somebody who will not
 * wait, kills the program as it would any.
 */
export function untilStopped(): Promise<void> {
  return new Promise((settle) => {
    const letGo = () => process.off('SIGTERM', stop).off('SIGINT', stop)
    let forgets: NodeJS.Timeout | undefined
    const stop = () => {
      forgets ??= setTimeout(letGo, AGAIN_MS).unref()
      settle()
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
    // For good: what is still printed fails again.
    process.stdout.on('error', settle)
  })
}

const AGAIN_MS = 1_000
