import { afterAll, expect, it } from 'vitest'
import { runChaos } from './chaos/chaos.js'
import type { ChaosOptions } from './chaos/chaos-options.js'
import type { CleanUps } from './chaos/ground.js'
import { HURRIED } from './chaos/plan-faults.js'

/** The short form of `npm run chaos`: each of these once. */
const OPTIONS: ChaosOptions = {
  seed: 1,
  minutes: 3,
  rounds: 1,
  pace: HURRIED,
  recordsPerSecond: 150,
  cluster: false,
  instances: 1,
  json: undefined,
  sabotage: undefined,
  only: [
    'kill-ingestion',
    'kill-classification',
    'kill-enforcement',
    'kill-notification',
    'broker-kill',
    'mongod-kill',
    'cut-after-store',
    'hostile-codec',
  ],
}

const cleanUps: CleanUps = []
afterAll(async () => {
  while (cleanUps.length > 0) await cleanUps.pop()!()
})

it('loses nothing and doubles nothing, whatever dies', { timeout: 400_000 }, async () => {
  const { content, lines, figures } = await runChaos(OPTIONS, cleanUps, (line) => console.log(line))
  for (const line of lines) console.log(line)
  expect(content, lines.at(-1)).toBe(true)
  expect(figures).toMatchObject({ endedByThemselves: [] })
})
