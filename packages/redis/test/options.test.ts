import { expect, test } from 'vitest'
import { redisConnections, type RedisConnectionsOptions } from '@api-terms/redis'

const send = () => Promise.resolve()

test.each<[string, unknown, string[]]>([
  ['nothing', undefined, ['client']],
  ['no client', {}, ['client']],
  ['a client that is none', { client: { send } }, ['client']],
  ['a loss that nothing is to come of', { client: send, whenLeaseLost: 'ignore' }, ['whenLeaseLost']],
  ['a prefix that is no text', { client: send, prefix: 7 }, ['prefix']],
  ['no time for a command', { client: send, timeoutMs: 0 }, ['timeoutMs']],
  ['a lease that ends before it can be renewed', { client: send, leaseMs: 999 }, ['leaseMs']],
  ['a lease without end', { client: send, leaseMs: Infinity }, ['leaseMs']],
  ['a listener that is none', { client: send, onWarning: true }, ['onWarning']],
  ['an unknown option', { client: send, ttl: 5 }, ['ttl']],
  ['several', { prefix: 1, leaseMs: 'x', ttl: 5 }, ['client', 'prefix', 'leaseMs', 'ttl']],
])('%s is refused at start-up', (_, options, paths) => {
  expect(() => redisConnections(options as RedisConnectionsOptions)).toThrow(
    expect.objectContaining({
      code: 'API_TERMS_OPTIONS',
      issues: paths.map((path) => expect.objectContaining({ path }) as unknown),
    }),
  )
})

test('nothing is sent before somebody asks', async () => {
  const sent: string[][] = []
  const store = redisConnections({
    client: (args) => {
      sent.push(args)
      return Promise.resolve()
    },
  })
  await store.close()
  expect(sent).toEqual([])
})
