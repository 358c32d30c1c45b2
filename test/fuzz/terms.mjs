// What the servers of the fuzz document. Everything else is hostile.

export const TERMS_URL = 'https://provider.example/terms'
export const MAX_BODY_BYTES = 5000
export const MAX_TARGET_LENGTH = 3000

export const DOCUMENTED = {
  methods: ['GET', 'POST', 'DELETE'],
  paths: ['/v1/extensions{/:id}', '/v1/calls{/:id}', '/v1/realtime'],
  mediaTypes: ['application/json'],
  upgrades: ['websocket'],
  block: [{ path: '/v1/calls/:id', methods: ['POST'] }],
  maxBodyBytes: MAX_BODY_BYTES,
  maxTargetLength: MAX_TARGET_LENGTH,
}
