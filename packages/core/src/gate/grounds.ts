import type { Ground } from '../refusal.js'

/** The gate's own grounds for refusal: those of no single room. */

export const LIMITS_UNAVAILABLE: Ground = Object.freeze({
  reason: 'limits-unavailable',
  detail: 'How many connections are open could not be told in time. Try again.',
  headers: { 'Retry-After': '1' },
})

export const NO_LIMIT_FOR_CLASS: Ground = Object.freeze({
  reason: 'limits-unavailable',
  detail: 'The provider has set no limit for this kind of request.',
  headers: { 'Retry-After': '60' },
})

export const SHUTTING_DOWN: Ground = Object.freeze({
  reason: 'limits-unavailable',
  detail: 'This server is shutting down. Try again.',
  headers: { 'Retry-After': '1' },
})
