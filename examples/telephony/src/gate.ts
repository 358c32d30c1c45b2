import type { GateOptions, Registry } from '@api-terms/core'

/** What the provider of the model API publishes in its Terms and its documentation, said to the gate. */
export function gateOptions(registry: Registry): GateOptions {
  return {
    api: 'business-telephony',
    terms: { url: 'https://provider.example/terms', version: '2026-01' },
    registry,
    limits: { read: 10, write: 1 },
    requests: {
      methods: ['GET', 'POST', 'DELETE'],
      paths: [
        '/v1/extensions{/:id}',
        '/v1/calls{/:id}',
        '/v1/events',
        '/v1/realtime',
        '/v1/recordings/:id',
        '/v1/countries',
      ],
      mediaTypes: ['application/json'],
      upgrades: ['websocket'],
      maxBodyBytes: 10_000,
    },
    caching: {
      // Live calls and events are out of date as soon as they are sent.
      default: 'no-store',
      rules: [
        { path: '/v1/extensions{/:id}', policy: 'private, max-age=300' },
        { path: '/v1/recordings/:id', policy: 'private, max-age=86400' },
        { path: '/v1/countries', policy: 'public, max-age=3600' },
      ],
    },
  }
}
