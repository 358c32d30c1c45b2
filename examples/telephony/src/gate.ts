import type { GateOptions, Registry, TermsOptions } from '@api-terms/core'
import { TERMS } from './terms.js'

/** What the provider of the model API publishes in its Terms and its documentation, said to the gate. */
export function gateOptions(registry: Registry, terms: TermsOptions = TERMS): GateOptions {
  return {
    api: 'business-telephony',
    terms,
    registry,
    registration: { requires: ['contacts', 'privacyPolicyUrl'], reviewMs: 365 * DAY_MS },
    // Who says which client it is has to be that client.
    credentials: { clientHeader: 'x-telephony-client' },
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
      block: [{ path: '/v1/recordings/held-:id', detail: 'This recording is under a legal hold.' }],
    },
    // Told to the ledger. Who wants it refused as well adds `refuseMs`.
    misuse: {
      networks: { most: 20 },
      ids: { paths: ['/v1/extensions/:id', '/v1/recordings/:id'], most: 100 },
      atLimit: { most: 1_000 },
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

const DAY_MS = 86_400_000
