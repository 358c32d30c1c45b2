import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  createAllowListAttributesProcessor,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { pino } from 'pino'
import * as promClient from 'prom-client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createGate, issueKey, memoryRegistry, OptionsError, type Gate } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { logTo, openTelemetry, prometheus } from '@api-terms/telemetry'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** A server behind a gate. `acme` may hold one connection, which `/hold` does; the server says in which span its handlers run. */
async function serving(around: (listener: () => void) => void = (listener) => listener()) {
  const keys = new Map<string, string>()
  const accounts = ['acme', 'globex', 'initech']
  const clients = accounts.map((account) => {
    const { key, digest } = issueKey()
    keys.set(account, key)
    return { id: `${account}-app`, account, credentials: [{ digest }] }
  })
  const registry = memoryRegistry({ accounts: accounts.map((id) => ({ id })), clients })
  const terms = { url: 'https://provider.example/terms' }
  const gate = createGate({ api: 'telephony', terms, registry, limits: { read: 1, write: 1 } })
  const guarded = guardRequests(
    gate,
    (req, res) => void (req.url === '/hold' ? res.write('held') : res.end('hello')),
  )
  const server = createServer((req, res) => around(() => guarded(req, res))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  closers.push(
    () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
    () => gate.close(),
  )
  const call = async (account?: string, path = '/') => {
    const key = account === undefined ? undefined : keys.get(account)
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      headers: key === undefined ? {} : { 'x-api-key': key },
    })
    sent.on('error', () => undefined).end()
    const [res] = (await once(sent, 'response')) as [IncomingMessage]
    if (path !== '/hold') await once(res.resume(), 'end')
    return { status: res.statusCode, hangUp: () => sent.destroy() }
  }
  return { gate, call, keys, registry }
}

async function nothingOpen(gate: Gate) {
  await expect.poll(async () => (await gate.connections()).length).toBe(0)
}

describe('prometheus', () => {
  test('tells what is open, opened, ended, refused and carried, in the registry of the provider', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    closers.push(prometheus(gate, { client: promClient, register }))
    const held = await call('acme', '/hold')
    await call('acme')
    await call()
    await call('globex')
    gate.warn('store-failed', 'the store failed')
    await expect.poll(async () => (await gate.connections()).length).toBe(1)
    const text = await register.metrics()
    const lines = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('duration'))
    expect(lines.map((line) => line.replace(/(bytes_total.*) \d+$/, '$1 some'))).toEqual(
      [
        'api_terms_connections_open{class="read",api="telephony"} 1',
        'api_terms_connections_total{class="read",api="telephony"} 2',
        'api_terms_connections_ended_total{class="read",reason="done",api="telephony"} 1',
        'api_terms_received_bytes_total{class="read",api="telephony"} some',
        'api_terms_sent_bytes_total{class="read",api="telephony"} some',
        'api_terms_refusals_total{reason="connections-exhausted",api="telephony"} 1',
        'api_terms_refusals_total{reason="credentials-missing",api="telephony"} 1',
        'api_terms_warnings_total{code="store-failed",api="telephony"} 1',
      ].map((line) => orderedAs(lines, line)),
    )
    expect(text).toContain('# TYPE api_terms_connections_open gauge')
    expect(text).toContain('# TYPE api_terms_connection_duration_seconds histogram')
    held.hangUp()
    await nothingOpen(gate)
    expect(await register.metrics()).toMatch(/api_terms_connections_open\{.*\} 0/)
  })

  test('tells accounts apart where asked to, and only so many', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    closers.push(prometheus(gate, { client: promClient, register, perAccount: 2 }))
    for (const account of ['acme', 'globex', 'initech', 'acme']) await call(account)
    await nothingOpen(gate)
    const metric = await register.getSingleMetric('api_terms_connections_total')!.get()
    const byAccount = metric.values.map(({ labels, value }) => [labels['account'], value])
    expect(byAccount).toEqual([
      ['acme', 2],
      ['globex', 1],
      ['other', 1],
    ])
  })

  test('serves several gates with one registry, and what a provider says as it ends connections makes no series', async () => {
    const register = new promClient.Registry()
    const first = await serving()
    const second = await serving()
    closers.push(prometheus(first.gate, { client: promClient, register }))
    closers.push(prometheus(second.gate, { client: promClient, register }))
    await first.call('acme', '/hold')
    await second.call('acme', '/hold')
    await first.gate.end({}, 'ticket 4711')
    const ended = await register.getSingleMetric('api_terms_connections_ended_total')!.get()
    expect(ended.values).toMatchObject([{ labels: { reason: 'other' }, value: 1 }])
    const opened = await register.getSingleMetric('api_terms_connections_total')!.get()
    expect(opened.values).toMatchObject([{ value: 2 }])
    await second.gate.end({}, 'ticket 4712')
    const count = /^api_terms_connection_duration_seconds_count\{(.*)\} (\d+)$/m.exec(
      await register.metrics(),
    )
    expect(count?.slice(1)).toEqual(['api="telephony",class="read"', '2'])
  })

  test('names each end that is the gate’s own: reasons that have come up among them', async () => {
    const register = new promClient.Registry()
    const { gate, call, registry } = await serving()
    closers.push(prometheus(gate, { client: promClient, register }))
    const ended = async () => {
      const { values } = await register.getSingleMetric('api_terms_connections_ended_total')!.get()
      return values.map(({ labels }) => labels['reason'])
    }
    await call('acme', '/hold')
    await registry.updateClient({ client: 'acme-app', networks: ['192.0.2.0/24'], by: 'operator' })
    await expect.poll(ended).toEqual(['network-not-allowed'])
    const own = ['max-hold', 'stalled', 'lease-lost', 'end-missed', 'registration-stale', 'account-suspended']
    for (const why of own) {
      await call('globex', '/hold')
      await gate.end({}, why)
    }
    await call('globex', '/hold')
    await gate.close()
    expect(await ended()).toEqual(['network-not-allowed', ...own, 'closed'])
  })

  test('tells how long slots were held, in the buckets asked for', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    closers.push(prometheus(gate, { client: promClient, register, buckets: [0.1, 30] }))
    const held = await call('acme', '/hold')
    await new Promise((resolve) => setTimeout(resolve, 150))
    held.hangUp()
    await nothingOpen(gate)
    const { values } = await register.getSingleMetric('api_terms_connection_duration_seconds')!.get()
    expect(values.slice(0, 3)).toMatchObject([
      { labels: { le: 0.1 }, value: 0 },
      { labels: { le: 30 }, value: 1 },
      { labels: { le: '+Inf' }, value: 1 },
    ])
    expect(values[3]!.value).toBeGreaterThanOrEqual(0.14)
    expect(values[3]!.value).toBeLessThan(30)
  })

  test('tells each connection once, however often it is read, and none that was open before', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    const held = await call('acme', '/hold')
    closers.push(prometheus(gate, { client: promClient, register }))
    const sumOf = async (name: string) => {
      const { values } = await register.getSingleMetric(`api_terms_${name}`)!.get()
      return values.reduce((sum, { value }) => sum + value, 0)
    }
    for (let calls = 1; calls <= 3; calls++) {
      await call('globex')
      await expect.poll(() => sumOf('connections_ended_total')).toBe(calls)
      expect(await sumOf('connections_total')).toBe(calls)
    }
    held.hangUp()
    await nothingOpen(gate)
    expect(await sumOf('connections_ended_total')).toBe(3)
    expect(await sumOf('connections_open')).toBe(0)
  })

  test('adds once to each series as the registry is read, however many metrics there are', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    closers.push(prometheus(gate, { client: promClient, register, perAccount: true }))
    const additions = [
      'connections_open',
      'connections_total',
      'received_bytes_total',
      'sent_bytes_total',
    ].map((name) => vi.spyOn(register.getSingleMetric(`api_terms_${name}`) as promClient.Counter, 'inc'))
    for (const account of ['acme', 'globex', 'initech']) await call(account)
    await nothingOpen(gate)
    await register.metrics()
    expect(additions.map(({ mock }) => mock.calls.length)).toEqual([3, 3, 3, 3])
  })

  test('leaves the gauge right where it is ended while connections are open', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    const end = prometheus(gate, { client: promClient, register })
    await call('acme', '/hold')
    end()
    await gate.end({}, 'maintenance')
    expect((await register.getSingleMetric('api_terms_connections_open')!.get()).values).toMatchObject([
      { value: 0 },
    ])
    expect(gate.measuring).toBe(false)
  })

  test('leaves it right where it is ended twice', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    const end = prometheus(gate, { client: promClient, register })
    await call('acme', '/hold')
    end()
    end()
    const { values } = await register.getSingleMetric('api_terms_connections_open')!.get()
    expect(values).toMatchObject([{ value: 0 }])
  })

  test('begins anew where the registry is reset: nothing from before is added afterwards', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    closers.push(prometheus(gate, { client: promClient, register }))
    await call('acme')
    await call()
    await nothingOpen(gate)
    register.resetMetrics()
    await call('acme')
    await nothingOpen(gate)
    const text = await register.metrics()
    expect(text).toMatch(/connections_total\{.*\} 1$/m)
    expect(text).toMatch(/connection_duration_seconds_count\{.*\} 1$/m)
    expect(text).not.toMatch(/refusals_total\{.*\} [^0]/)
  })

  test('what is open stays open where the registry is reset', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    const end = prometheus(gate, { client: promClient, register })
    const open = async () => (await register.getSingleMetric('api_terms_connections_open')!.get()).values
    await call('acme', '/hold')
    register.resetMetrics()
    expect(await open()).toMatchObject([{ value: 1 }])
    await gate.end({}, 'over')
    expect(await open()).toMatchObject([{ value: 0 }])
    end()
    register.resetMetrics()
    expect(await open()).toEqual([])
  })

  test('says at once what a registry has that does not go with it', async () => {
    const register = new promClient.Registry()
    const [{ gate }, other] = [await serving(), await serving()]
    closers.push(prometheus(gate, { client: promClient, register }))
    expect(() => prometheus(other.gate, { client: promClient, register, perAccount: true })).toThrow(
      /perAccount: must be off, .* has no label account/,
    )
    expect(() => prometheus(other.gate, { client: promClient, register, buckets: [1, 2] })).toThrow(
      /buckets: must be left out, or those of the gate that came first: 0\.005, .*, 3600/,
    )
    expect(other.gate.measuring).toBe(false)
    const name = 'api_terms_connection_duration_seconds'
    const taken = new promClient.Registry()
    const another = new promClient.Histogram({ name, help: 'Another.', registers: [taken] })
    expect(() => prometheus(gate, { client: promClient, register: taken })).toThrow(
      /register: has another metric/,
    )
    expect(taken.getSingleMetric(name)).toBe(another)
  })

  test('takes the buckets of the gate that came first where it names none, or the same', async () => {
    const register = new promClient.Registry()
    const [first, second, third] = [await serving(), await serving(), await serving()]
    const client = promClient
    closers.push(prometheus(first.gate, { client, register, buckets: [1, 2] }))
    closers.push(prometheus(second.gate, { client, register }))
    closers.push(prometheus(third.gate, { client, register, buckets: [1, 2] }))
    for (const { call, gate } of [first, second, third]) {
      await call('acme')
      await nothingOpen(gate)
    }
    expect(await register.metrics()).toMatch(/duration_seconds_bucket\{le="2".*\} 3$/m)
  })

  test('begins anew where the registry was cleared and it is asked for again', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    const end = prometheus(gate, { client: promClient, register })
    await call('acme')
    await nothingOpen(gate)
    register.clear()
    end()
    closers.push(prometheus(gate, { client: promClient, register }))
    await call('acme')
    await nothingOpen(gate)
    expect(await register.metrics()).toMatch(/connections_total\{.*\} 1$/m)
  })

  test('keeps no place among the accounts for callers who are nobody', async () => {
    const register = new promClient.Registry()
    const { gate, call } = await serving()
    closers.push(prometheus(gate, { client: promClient, register, perAccount: 1 }))
    await call()
    await call('acme')
    await nothingOpen(gate)
    expect(await register.metrics()).toMatch(/connections_total\{.*account="acme".*\} 1$/m)
  })

  test('lists everything that is wrong with the options', async () => {
    const { gate } = await serving()
    const wrong = { client: {}, register: {}, buckets: [2, 1], perAccount: 0, prefix: 'x' }
    expect(() => prometheus(gate, wrong as never)).toThrow(OptionsError)
    expect(() => prometheus(gate, wrong as never)).toThrow(
      /prefix: is no option.*\n.*client: .*\n.*register: .*\n.*buckets: .*\n.*perAccount: /s,
    )
  })
})

/** The labels of a line in the order in which the registry writes them. */
function orderedAs(lines: readonly string[], line: string): string {
  const sorted = (text: string) =>
    text.replace(/\{(.*)\} .*/, (_, labels: string) => `{${labels.split(',').toSorted().join()}}`)
  const found = lines.find((each) => sorted(each) === sorted(line))
  return found === undefined ? line : `${found.replace(/ .*/, '')} ${line.split(' ').at(-1)}`
}

/** What an exporter was told in all of each instrument: durations as how many there were. */
function inAllOf(exporter: InMemoryMetricExporter, temporality: AggregationTemporality) {
  const sums: Record<string, number> = {}
  const exports = exporter.getMetrics()
  const meant = temporality === AggregationTemporality.DELTA ? exports : exports.slice(-1)
  for (const { descriptor, dataPoints } of meant.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  )) {
    for (const { value } of dataPoints) {
      const amount = typeof value === 'number' ? value : (value as { readonly count: number }).count
      sums[descriptor.name] = (sums[descriptor.name] ?? 0) + amount
    }
  }
  return sums
}

describe('openTelemetry', () => {
  test('has counters, a histogram and attributes by the conventions, with the real SDK', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    closers.push(() => provider.shutdown())
    const { gate, call } = await serving()
    closers.push(openTelemetry(gate, { metrics: provider }))
    const held = await call('acme', '/hold')
    await call('acme')
    await call('globex')
    await expect.poll(async () => (await gate.connections()).length).toBe(1)
    await reader.forceFlush()
    const told = new Map(
      exporter
        .getMetrics()
        .at(-1)!
        .scopeMetrics.flatMap(({ metrics: all }) => all)
        .map(({ descriptor, dataPoints }) => [
          descriptor.name,
          {
            unit: descriptor.unit,
            points: dataPoints.map(({ attributes, value }) => ({ attributes, value })),
          },
        ]),
    )
    const base = { 'api_terms.api': 'telephony' }
    const read = { ...base, 'api_terms.class': 'read' }
    expect(told.get('api_terms.connection.count')).toEqual({
      unit: '{connection}',
      points: [{ attributes: read, value: 1 }],
    })
    expect(told.get('api_terms.refusals')).toEqual({
      unit: '{refusal}',
      points: [{ attributes: { ...base, 'api_terms.reason': 'connections-exhausted' }, value: 1 }],
    })
    expect(told.get('api_terms.connection.duration')).toMatchObject({
      unit: 's',
      points: [{ attributes: { ...read, 'api_terms.end': 'done' }, value: { count: 1 } }],
    })
    expect(told.get('api_terms.connection.io')).toMatchObject({
      unit: 'By',
      points: [
        { attributes: { ...read, 'network.io.direction': 'receive' } },
        { attributes: { ...read, 'network.io.direction': 'transmit' } },
      ],
    })
    held.hangUp()
    await nothingOpen(gate)
  })

  test.each([
    ['cumulative', AggregationTemporality.CUMULATIVE],
    ['delta', AggregationTemporality.DELTA],
  ])('sums what several gates of one API do, exactly and to the last (%s)', async (_, temporality) => {
    const exporter = new InMemoryMetricExporter(temporality)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    const served = [await serving(), await serving()]
    const ends = served.map(({ gate }) => openTelemetry(gate, { metrics: provider }))
    for (const { call } of served) {
      await call('acme', '/hold')
      await call('acme')
      await reader.forceFlush()
      await call('globex')
    }
    for (const end of ends) end()
    await served[0]!.call('globex')
    await reader.forceFlush()
    const told = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    const valuesOf = (name: string) =>
      told
        .filter(({ descriptor }) => descriptor.name === name)
        .map(({ dataPoints }) => dataPoints.map(({ value }) => value as number))
    // Told anew each time it is read, or as what has come since.
    const inAll = (name: string) => {
      const values = valuesOf(name)
      for (const points of values) expect(points).toHaveLength(1)
      const of = temporality === AggregationTemporality.DELTA ? values : values.slice(-1)
      return of.flat().reduce((sum, value) => sum + value, 0)
    }
    expect(inAll('api_terms.refusals')).toBe(2)
    expect(inAll('api_terms.connection.count')).toBe(0)
    await provider.shutdown()
  })

  test('tells two readers the same, of which one asks for what has come since and one for all', async () => {
    const kinds = [AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE]
    const exporters = kinds.map((kind) => new InMemoryMetricExporter(kind))
    const readers = exporters.map(
      (exporter) => new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 }),
    )
    const provider = new MeterProvider({ readers })
    closers.push(() => provider.shutdown())
    const { gate, call } = await serving()
    closers.push(openTelemetry(gate, { metrics: provider }))
    // In turns, and at once.
    const [delta, cumulative] = readers as [PeriodicExportingMetricReader, PeriodicExportingMetricReader]
    const rounds = [[delta], [cumulative], [delta, cumulative], [delta], readers]
    for (const round of rounds) {
      const held = await call('acme', '/hold')
      await call('acme')
      await call('globex')
      await Promise.all(round.map((reader) => reader.forceFlush()))
      held.hangUp()
      await nothingOpen(gate)
    }
    const last = await call('acme', '/hold')
    await Promise.all(readers.map((reader) => reader.forceFlush()))
    const told = exporters.map((exporter, n) => inAllOf(exporter, kinds[n]!))
    const sent = told[0]!['api_terms.connection.io']
    expect(sent).toBeGreaterThan(0)
    const expected = {
      'api_terms.connection.count': 1,
      'api_terms.connection.duration': 10,
      'api_terms.connection.io': sent,
      'api_terms.refusals': 5,
    }
    expect(told).toEqual([expected, expected])
    last.hangUp()
    await nothingOpen(gate)
  })

  test('tells no more accounts apart than the SDK tells series apart, and loses none of their bytes', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    closers.push(() => provider.shutdown())
    const keys = Array.from({ length: 1000 }, () => issueKey())
    const registry = memoryRegistry({
      accounts: keys.map((_, n) => ({ id: `account-${n}` })),
      clients: keys.map(({ digest }, n) => ({
        id: `app-${n}`,
        account: `account-${n}`,
        credentials: [{ digest }],
      })),
    })
    // Two APIs on one meter.
    for (const api of ['telephony', 'directory']) {
      const gate = createGate({ api, terms: { url: 'https://provider.example/terms' }, registry })
      closers.push(() => gate.close(), openTelemetry(gate, { metrics: provider, perAccount: true }))
      for (const { key } of keys) {
        for (const method of ['GET', 'POST']) {
          const admission = await gate.admit({ method, target: '/', headers: { 'x-api-key': key } })
          if (!admission.admitted) throw new Error(admission.reason)
          admission.carriedBy({ end() {}, traffic: () => ({ bytesIn: 10, bytesOut: 20 }) })
          admission.release()
        }
      }
    }
    await reader.forceFlush()
    const told = exporter
      .getMetrics()
      .at(-1)!
      .scopeMetrics.flatMap((scope) => scope.metrics)
    const points = told.flatMap(({ dataPoints }) => dataPoints as { attributes: object; value: unknown }[])
    expect(points.filter(({ attributes }) => 'otel.metric.overflow' in attributes)).toEqual([])
    const io = told.find(({ descriptor }) => descriptor.name === 'api_terms.connection.io')!
    const bytes = io.dataPoints.reduce((sum, { value }) => sum + (value as number), 0)
    expect(bytes).toBe(2 * 1000 * 2 * 30)
  })

  test('is summed where a view leaves attributes out, and names no instrument that has nothing to tell', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const attributesProcessors = [createAllowListAttributesProcessor(['api_terms.api'])]
    const views = [{ instrumentName: 'api_terms.*', attributesProcessors }]
    const provider = new MeterProvider({ readers: [reader], views })
    closers.push(() => provider.shutdown())
    const { gate, call } = await serving()
    closers.push(openTelemetry(gate, { metrics: provider, perAccount: true }))
    for (const account of ['acme', 'globex', 'initech']) await call(account, '/hold')
    await reader.forceFlush()
    const told = exporter
      .getMetrics()
      .at(-1)!
      .scopeMetrics.flatMap((scope) => scope.metrics)
    expect(
      told
        .filter(({ dataPoints }) => dataPoints.length > 0)
        .map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ value }) => value)]),
    ).toEqual([
      ['api_terms.connection.count', [3]],
      ['api_terms.connection.io', [0]],
    ])
    expect(told.map(({ descriptor }) => descriptor.name)).not.toContain('api_terms.asked')
  })

  test('puts decisions as events on the span of the request, and no key among them', async () => {
    const exporter = new InMemorySpanExporter()
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
    provider.register()
    closers.push(async () => {
      trace.disable()
      metrics.disable()
      await provider.shutdown()
    })
    const tracer = trace.getTracer('test')
    const { gate, call, keys } = await serving((listener) =>
      tracer.startActiveSpan('request', (span) => {
        listener()
        span.end()
      }),
    )
    closers.push(openTelemetry(gate, { metrics, trace }))
    await call('acme')
    await call()
    const events = exporter
      .getFinishedSpans()
      .map((span) => span.events.map(({ name, attributes }) => ({ name, attributes })))
    expect(events).toEqual([
      [
        {
          name: 'api_terms.admitted',
          attributes: {
            'api_terms.api': 'telephony',
            'api_terms.account': 'acme',
            'api_terms.client': 'acme-app',
            'api_terms.class': 'read',
            'api_terms.connection.id': expect.any(String) as string,
            'api_terms.connection.in_use': 1,
          },
        },
      ],
      [
        {
          name: 'api_terms.refused',
          attributes: {
            'api_terms.api': 'telephony',
            'api_terms.reason': 'credentials-missing',
            'api_terms.clause': '2(c)',
            'api_terms.instance': expect.stringMatching(/^urn:uuid:/) as string,
            'api_terms.enforced': true,
          },
        },
      ],
    ])
    expect(JSON.stringify(events)).not.toContain(keys.get('acme'))
  })

  test('lists everything that is wrong with the options', async () => {
    const { gate } = await serving()
    expect(() => openTelemetry(gate, { metrics: {}, trace: {}, perAccount: 'yes' } as never)).toThrow(
      /metrics: .*\n.*trace: .*\n.*perAccount: /s,
    )
  })
})

describe('logTo', () => {
  test('logs with pino what the ledger would keep, each at its level, and floods summed up', async () => {
    const lines: Record<string, unknown>[] = []
    const logger = pino(
      { level: 'info' },
      { write: (line: string) => void lines.push(JSON.parse(line) as never) },
    )
    const { gate, call, keys } = await serving()
    const end = logTo(gate, logger)
    for (let n = 0; n < 30; n++) await call()
    await call('acme', '/hold')
    await gate.end({ account: 'acme' }, 'maintenance')
    gate.warn('store-failed', 'the store failed')
    await end()
    await call()
    expect(lines).toHaveLength(20 + 1 + 1 + 1)
    expect(lines[0]).toMatchObject({
      level: 30,
      msg: 'refused: credentials-missing',
      reason: 'credentials-missing',
      clause: '2(c)',
    })
    expect(lines.slice(20)).toMatchObject([
      { level: 30, msg: 'ended: maintenance', account: 'acme' },
      { level: 40, msg: 'the store failed', reason: 'store-failed' },
      { level: 30, msg: 'refused: credentials-missing (10 times)', count: 10 },
    ])
    expect(JSON.stringify(lines)).not.toContain(keys.get('acme'))
  })

  test('says what a logger lacks', async () => {
    const { gate } = await serving()
    expect(() => logTo(gate, { info() {} } as never)).toThrow(/logger: .* it has no warn, error/)
  })
})
