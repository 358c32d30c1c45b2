// Sides of a framework side by side, in processes that are made anew for each generation.
import { start } from './children.mjs'
import { inRounds, load, warm } from './rounds.mjs'
import { TARGET } from './terms.mjs'

/** Rounds of all generations: now and then a new process, so that how well the compiler did in one of them does not decide. */
export async function inGenerations(framework, sides, { generations, ...sizes }) {
  const measured = []
  for (let generation = 0; generation < generations; generation++) {
    measured.push(...(await oneGeneration(framework, sides, sizes)))
  }
  return measured
}

async function oneGeneration(framework, sides, { rounds, seconds, warmUp }) {
  const children = Object.fromEntries(
    await Promise.all(
      sides.map(async (side) => [side, await start('server.mjs', [`${framework}/${side}`, 10])]),
    ),
  )
  const about = (side) => ({ path: TARGET, key: children[side].facts.keys[0], status: 200 })
  for (const side of sides) await warm(children[side], { ...about(side), seconds: warmUp })
  const measured = await inRounds(sides, rounds, (side) => load(children[side], { ...about(side), seconds }))
  await Promise.all(Object.values(children).map((child) => child.stop()))
  return measured
}
