import { Agent, request } from 'undici'

/** Many requests over one connection leave no listener behind on its socket; complains where they do. */
export async function keptAlive(port, key, child) {
  const dispatcher = new Agent({ connections: 1 })
  const ask = async () => {
    const { body } = await request(`http://127.0.0.1:${port}/v1/slow?ms=0`, {
      dispatcher,
      headers: { authorization: `Bearer ${key}` },
    })
    await body.dump()
  }
  for (let count = 0; count < 3; count++) await ask()
  const first = await child.ask('socketListeners')
  for (let count = 0; count < 100; count++) await ask()
  const last = await child.ask('socketListeners')
  await dispatcher.destroy()
  if (first.length === 1 && String(first) === String(last)) return []
  return [`listeners on a kept connection: ${JSON.stringify(first)} became ${JSON.stringify(last)}`]
}
