import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLATFORMS, prepare, send } from './faults/bench.js'
import { PRIVATE_MARKER as MARKER, workload } from './faults/workload.js'
import { WeirSystem } from './harness/weir-system.js'

const HARMFUL = `I will kill you and your family tonight ${MARKER}`

let system: WeirSystem

beforeAll(async () => {
  system = await WeirSystem.start({ LOG_LEVEL: 'debug' })
  await prepare(system)
})
afterAll(() => system.stop())

const secret = (changes: object = {}): object => ({
  messageId: `m-${MARKER}`,
  accountId: `a-${MARKER}`,
  visibility: 'private',
  sentAt: new Date().toISOString(),
  text: HARMFUL,
  links: [`https://example.org/${MARKER}`],
  account: { displayName: MARKER, followers: 7, ownerRef: MARKER },
  ...changes,
})
const deep = JSON.parse(`${'{"a":'.repeat(12)}"${MARKER}"${'}'.repeat(12)}`) as object
/** Private, and wrong in every other way too. */
const SECRETS = [
  secret(),
  secret({ text: 7, note: MARKER }),
  secret({ deep }),
  secret({ pad: MARKER.repeat(20_000) }),
  secret({ messageId: `no id ${MARKER}` }),
  secret({ change: 'edited' }),
  secret({ change: 'deleted' }),
  secret({ requested: 'dir_of_nobody' }),
  secret({ visibility: 'Private' }),
  { envelope: secret() },
  [secret()],
].map((value) => Buffer.from(JSON.stringify(value)))

describe('what is private', () => {
  it('is found on no topic but the input, in no collection, log line or metric', async () => {
    const values = [...SECRETS, Buffer.from(JSON.stringify(secret()).replace('{', '{"__proto__":{"x":1},'))]
    const input = 'weir.in.p1.messages.v1'
    await system.produce(
      input,
      values.map((value) => ({ key: MARKER, value })),
    )
    await send(system, workload(600, PLATFORMS, 5))
    const rest = await system.call<{ results: { status: string }[] }>(
      'ingestion',
      '/v1/messages',
      { roles: ['platform'], platform: 'p1' },
      { json: { messages: [secret(), secret({ text: 7 })] } },
    )
    expect(rest.status).toBe(202)
    await system.drained(PLATFORMS)

    const topics = await system.topics()
    const records = await system.readAll(topics)
    const holders = records
      .filter(({ key, value, headers }) =>
        `${key} ${value?.toString()} ${JSON.stringify(headers)}`.includes(MARKER),
      )
      .map(({ topic }) => topic)
    expect(holders.length).toBeGreaterThanOrEqual(values.length)
    expect(holders.filter((topic) => !topic.startsWith('weir.in.'))).toEqual([])

    // What comes by REST never reaches the input topic either.
    const posted = records.filter(({ topic, headers }) => topic === input && headers['ce_id'] !== undefined)
    expect(posted.filter(({ value }) => value?.includes(MARKER))).toEqual([])

    let documents = 0
    const { databases } = await system.mongo().db('admin').admin().listDatabases()
    for (const { name } of databases.filter((one) => one.name.startsWith('weir_'))) {
      for (const collection of await system.mongo().db(name).collections()) {
        for await (const document of collection.find()) {
          documents += 1
          if (JSON.stringify(document).includes(MARKER)) expect.fail(`a document of ${collection.namespace}`)
        }
      }
    }
    expect(documents).toBeGreaterThan(50)

    for (const service of Object.values(system.services)) {
      expect(service.output()).toContain('"level":"debug"')
      expect(service.output().includes(MARKER), `the log of ${service.name}`).toBe(false)
      const metrics = await (await fetch(`${service.url}/metrics`)).text()
      expect(metrics.includes(MARKER), `the metrics of ${service.name}`).toBe(false)
    }
  })
})
