/** What a caller of the API sees. */
export interface Caller {
  /** The status of an answer, with the reason or the limit that it tells. */
  answerTo(key: string): Promise<string>
  /** Opens a stream of events; the promise settles when it has ended. */
  stream(key: string): Promise<{ readonly ended: Promise<string> }>
}

export function callerOf(url: string): Caller {
  const get = (path: string, key: string) =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } })
  return {
    async answerTo(key) {
      const answer = await get('/v1/extensions', key)
      const { reason } = (await answer.json()) as { readonly reason?: string }
      const limit = /"read";q=(\d+)/.exec(answer.headers.get('ratelimit-policy') ?? '')?.[1]
      return [answer.status, reason ?? `${limit} reads at once`].join(' ')
    },
    async stream(key) {
      const answer = await get('/v1/events', key)
      const ended = answer.text().then(
        () => 'its stream has ended',
        () => 'its stream was cut off',
      )
      return { ended }
    },
  }
}
