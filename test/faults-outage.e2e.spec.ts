import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { factsOf, judge, pidsOf, PLATFORMS, prepare, send, sleep, tell } from './faults/bench.js'
import { workload } from './faults/workload.js'
import { WeirSystem } from './harness/weir-system.js'

const SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 8)
/** Records of the whole run; they are spread over it. Without this CI has its short form in chaos.e2e.spec.ts. */
const { FAULT_RECORDS } = process.env
const RECORDS = Number(FAULT_RECORDS)

let system: WeirSystem

describe.runIf(FAULT_RECORDS)(`${RECORDS} records`, () => {
  beforeAll(async () => {
    system = await WeirSystem.start()
    await prepare(system)
  })
  afterAll(() => system.stop())

  const ended: string[] = []

  it(`survive ${SECONDS} s without MongoDB, then as long without Kafka`, { timeout: 900_000 }, async () => {
    for (const service of Object.values(system.services))
      service.onUnexpectedEnd((error) => ended.push(`${service.name}: ${error.message}`))
    const pids = pidsOf(system)
    const total = 2 * SECONDS + 12
    const pace = (total * 1_000) / (RECORDS / 50)
    const sending = send(system, workload(RECORDS, PLATFORMS, 11), 50, () => sleep(pace / PLATFORMS.length))
    const [[mongoMs, kafkaMs]] = await Promise.all([outages(), sending])

    await system.drained(PLATFORMS)
    expect(ended).toEqual([])
    expect(pidsOf(system)).toEqual(pids)
    const expected = await judge(system, RECORDS)
    tell('outages', {
      seconds: SECONDS,
      records: RECORDS,
      caughtUpMs: { mongoMs, kafkaMs },
      ...factsOf(expected),
    })
  })
})

/** One server away after the other. Gives how long it took to catch up with each. */
async function outages(): Promise<number[]> {
  const took: number[] = []
  for (const server of [system.stack.mongo!, system.stack.kafka!]) {
    await sleep(3_000)
    await server.stop()
    await sleep(SECONDS * 1_000)
    await server.start()
    took.push(await caughtUp())
  }
  return took
}

/** Milliseconds until the last record that is in now has gone all its way, while more come. */
async function caughtUp(): Promise<number> {
  const start = Date.now()
  await system.caughtUp(PLATFORMS)
  return Date.now() - start
}
