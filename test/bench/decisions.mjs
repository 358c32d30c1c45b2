// The decision alone, without HTTP: from a request that has been read to an admission that has been given back.
import { start } from './children.mjs'
import { inRounds, median } from './rounds.mjs'

const ROOM_FOR_A_MILLION_ACCOUNTS = '--max-old-space-size=6000'
const AIM = 500_000
const BATCH = 250

export async function measureDecisions({ accounts, cached, batches, rounds, warmUp }) {
  const sides = [
    ...accounts.map((count) => ({ label: `${number(count)} accounts`, args: [count, 'memory', 'open'] })),
    ...accounts.map((count) => ({
      label: `${number(count)} accounts, each on a new socket`,
      args: [count, 'memory', 'new'],
    })),
    ...cached.map((count) => ({
      label: `${number(count)} accounts, looked up and cached`,
      args: [count, 'cached', 'open'],
    })),
  ]
  const children = Object.fromEntries(
    await Promise.all(
      sides.map(async ({ label, args }) => [
        label,
        await start('decide.mjs', [...args, batches], [ROOM_FOR_A_MILLION_ACCOUNTS]),
      ]),
    ),
  )
  const labels = sides.map(({ label }) => label)
  await inRounds(labels, warmUp, (label) => children[label].ask('round'))
  const measured = await inRounds(labels, rounds, (label) => children[label].ask('round'))
  await Promise.all(Object.values(children).map((child) => child.stop()))

  const [smallest] = labels
  const rows = labels.map((label) => ({
    label,
    'decisions/s': 1e9 / median(measured.map((row) => row[label].decideNs)),
    'ns/decision': median(measured.map((row) => row[label].decideNs)),
    'ns to read the request': median(measured.map((row) => row[label].readNs)),
    [`of ${smallest.split(' ')[0]}`]: median(
      measured.map((row) => row[smallest].decideNs / row[label].decideNs),
    ),
    aim: `>= ${number(AIM)}`,
  }))
  return [{ title: `Decisions, one core (${rounds} rounds of ${number(batches * BATCH)})`, rows }]
}

const number = (value) => value.toLocaleString('en-US')
