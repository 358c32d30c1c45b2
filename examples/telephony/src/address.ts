import { CannotStart } from './faults.js'

/** Where to listen. */
export interface Address {
  readonly port: number
  readonly host: string
}

/** `PORT`: 3000 by default, 0 for any free one. `HOST`: 127.0.0.1 by default, because keys travel in clear over plain HTTP (clause 4(b)). */
export function address(): Address {
  const { PORT = '3000', HOST = '127.0.0.1' } = process.env
  // Number() takes more than digits for a number: nothing, spaces, 1e3.
  if (!/^\d+$/.test(PORT) || Number(PORT) > MAX_PORT)
    throw new CannotStart(`PORT=${PORT} is no port: take a number from 0 to ${MAX_PORT}`)
  return { port: Number(PORT), host: HOST }
}

const MAX_PORT = 65_535

/** Why it cannot be listened there, of what `listen` fails with. */
export function cannotListen({ port, host }: Address, cause: unknown): CannotStart {
  const { code } = cause as NodeJS.ErrnoException
  const why =
    code === 'EADDRINUSE'
      ? `port ${port} is in use: PORT=0 npm start takes a free one`
      : `cannot listen on ${host}, port ${port}: ${code}`
  return new CannotStart(why, { cause })
}
