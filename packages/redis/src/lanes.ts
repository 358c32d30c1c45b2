/** How many commands about many places are on their way at once. */
const LANES = 16

/** Sends every portion, a few at a time. Rejects with the first failure, after which no more is sent. */
export async function inLanes<Portion>(
  portions: Iterable<Portion>,
  send: (portion: Portion) => Promise<void>,
): Promise<void> {
  // As they are now: those who come meanwhile are in the next round.
  const left = [...portions]
  const failures: unknown[] = []
  const lane = async () => {
    // Where one fails the others would fill the queue of a client that has lost its connection.
    while (left.length > 0 && failures.length === 0)
      // oxlint-disable-next-line no-await-in-loop -- what is sent at once is bounded by the lanes
      await send(left.pop()!).catch((cause: unknown) => failures.push(cause))
  }
  await Promise.all(Array.from({ length: Math.min(LANES, left.length) }, lane))
  if (failures.length > 0) throw failures[0]
}
