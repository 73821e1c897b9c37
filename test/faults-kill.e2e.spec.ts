import { afterAll, beforeAll, describe, it } from 'vitest'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { factsOf, judge, PLATFORMS, prepare, send, sleep, tell } from './faults/bench.js'
import { type OutgoingRecord, randomFrom, workload } from './faults/workload.js'
import { eventually, WeirSystem } from './harness/weir-system.js'

/** 20 000 is what the promise is stated for. Without this CI has its short form in chaos.e2e.spec.ts. */
const { FAULT_RECORDS } = process.env
const RECORDS = Number(FAULT_RECORDS)
const SEED = Number(process.env['FAULT_SEED'] ?? 1)
const ROUNDS = RECORDS >= 20_000 ? 4 : 2
const INPUT: Readonly<Record<ServiceName, readonly string[]>> = {
  ingestion: PLATFORMS.map((id) => `weir.in.${id}.messages.v1`),
  classification: ['weir.messages.v1'],
  enforcement: ['weir.verdicts.v1'],
  notification: ['weir.notices.v1'],
}

let system: WeirSystem

describe.runIf(FAULT_RECORDS)(`${RECORDS} records, seed ${SEED}`, () => {
  beforeAll(async () => {
    // A killed consumer's partitions wait for the end of its session: a short one makes room for more kills.
    system = await WeirSystem.start({ KAFKA_SESSION_MS: '6000' })
    await prepare(system)
  })
  afterAll(() => system.stop())

  it(
    'lose nothing and double nothing while each service in turn is killed',
    { timeout: 900_000 },
    async () => {
      const random = randomFrom(SEED)
      const records = workload(RECORDS, PLATFORMS, SEED)
      const kills = Array.from({ length: ROUNDS }, () => SERVICES).flat()
      const share = Math.ceil(RECORDS / kills.length / 2)
      const undone: Record<string, number[]> = {}
      let killed = 0
      const kill = async (name: ServiceName): Promise<void> => {
        system.services[name].kill('SIGKILL')
        killed += 1
        ;(undone[name] ??= []).push(await undoneBy(name))
        await system.services[name].restart()
      }
      const slice = () => send(system, take(records, share), 50, () => sleep(10))
      for (const name of kills) {
        const sending = slice()
        const first = (async () => {
          await sleep(random() * 700)
          await kill(name)
        })()
        await Promise.all([first, sending])
        // Once more, as soon as it has taken up what waited for it and more comes in.
        const waiting = await undoneBy(name)
        const second = (async () => {
          await eventually(`${name} at work again`, async () => (await undoneBy(name)) !== waiting)
          await sleep(random() * 300)
          await kill(name)
        })()
        await Promise.all([second, slice()])
      }
      const sentAt = Date.now()
      await system.drained(PLATFORMS, 300)
      const drainMs = Date.now() - sentAt
      const expected = await judge(system, RECORDS)
      tell('killed', {
        records: RECORDS,
        seed: SEED,
        killed,
        undoneAtKill: undone,
        drainMs,
        ...factsOf(expected),
      })
    },
  )
})

/** Records that wait for a service. */
async function undoneBy(name: ServiceName): Promise<number> {
  const counts = await Promise.all(INPUT[name].map((topic) => system.undone(name, topic)))
  return counts.reduce((a, b) => a + b)
}

function* take(records: Iterator<OutgoingRecord>, count: number): Generator<OutgoingRecord> {
  for (let i = 0; i < count; i++) {
    const next = records.next()
    if (next.done) return
    yield next.value
  }
}
