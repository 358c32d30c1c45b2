import type { ChildProcess } from 'node:child_process'

const running = new Set<ChildProcess>()

// One listener, however many there are.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process that is not to outlive this one, until it has ended by itself. */
export function endingWithUs(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}
