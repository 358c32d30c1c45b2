// Sides of a framework side by side, in processes that are made anew for each generation.
import { Callers, compare } from './callers.mjs'
import { start } from './children.mjs'
import { TARGET } from './terms.mjs'

/** Rounds of all generations: now and then a new process, so that how well the compiler did in one of them does not decide. */
export async function inGenerations(framework, sides, { generations, ...sizes }) {
  const measured = []
  for (let generation = 0; generation < generations; generation++) {
    measured.push(...(await oneGeneration(framework, sides, sizes)))
  }
  return measured
}

async function oneGeneration(framework, sides, sizes) {
  const children = Object.fromEntries(
    await Promise.all(
      sides.map(async (side) => [side, await start('server.mjs', [`${framework}/${side}`, 10])]),
    ),
  )
  const callers = Object.fromEntries(
    sides.map((side) => {
      const child = children[side]
      return [side, new Callers(child, { path: TARGET, key: child.facts.keys[0], status: 200 })]
    }),
  )
  const measured = await compare(callers, sizes)
  await Promise.all(Object.values(children).map((child) => child.stop()))
  return measured
}
