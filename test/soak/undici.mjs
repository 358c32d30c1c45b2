import { Agent, request } from 'undici'

/** An ordinary client with a pool of kept connections. */
export function createFetcher(port) {
  const dispatcher = new Agent({
    connections: 40,
    keepAliveTimeout: 20_000,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  })
  return {
    close: () => dispatcher.destroy(),

    async ask({ method, path, key, body, abortMs }) {
      const abort = new AbortController()
      const timer = abortMs === undefined ? undefined : setTimeout(() => abort.abort(), abortMs)
      const fields = {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }
      try {
        const answer = await request(`http://127.0.0.1:${port}${path}`, {
          dispatcher,
          method,
          headers: fields,
          body: body ?? null,
          signal: abort.signal,
        })
        await answer.body.dump({ limit: 10_000_000 })
        return { sent: 1, statuses: [answer.statusCode] }
      } catch (error) {
        if (/timeout/i.test(error.code ?? '')) throw error
        return { sent: 1, statuses: [] }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
