import { crc32c } from '@node-rs/crc32'
import { createRequire } from 'node:module'
import { Topics } from '#libs/contracts/catalogue'
import { type EncodableRecord, encodeProduce, type TopicData } from '#libs/runtime/kafka/encode-produce'
import { murmur2 } from '#libs/runtime/kafka/murmur2-partitioner'
import { traceparentFor } from '#libs/runtime/kafka/trace'
import { nanosecondsEach, type StepCost } from './cpu-cost.js'

const RECORDS = 1_000
const NOW = 1_790_000_000_000
/** Results that nobody uses would not be computed. */
let _used = 0
const require = createRequire(import.meta.url)

/** What records take on their way to the broker, by Weir and by kafkajs, whose functions Weir's replace (ADR 0074). */
export async function codecCosts(values: readonly Buffer[]): Promise<StepCost[]> {
  const headers = {
    ce_specversion: '1.0',
    ce_id: 'msg_2345672345672345672345672',
    ce_type: Topics.messages.type,
    ce_source: '/weir/ingestion',
    ce_time: '2026-11-24T07:00:00.000Z',
    'content-type': 'application/json',
    traceparent: traceparentFor('x', null),
  }
  const messages: EncodableRecord[] = values
    .slice(0, RECORDS)
    .map((value, i) => ({ key: `p1/acc-${i % 997}`, value, headers }))
  const topicData: TopicData = [{ topic: Topics.messages.name, partitions: [{ partition: 0, messages }] }]
  const request = { acks: -1, timeout: 10_000, topicData }
  const keys = messages.map(({ key }) => Buffer.from(key as string))
  const bytes = Buffer.concat([...values.slice(0, 4)]).subarray(0, 600)
  const theirs = kafkajsFunctions()
  const each = (run: (i: number) => number) => () => {
    for (let i = 0; i < RECORDS; i++) _used ^= run(i)
  }
  const steps: [string, () => void | Promise<void>][] = [
    ['both: encode a record', async () => void (await encodeProduce(request, NOW))],
    ['both: encode a record, kafkajs', async () => void (await theirs.produceRequest(request).encode())],
    ['both: checksum of 600 bytes', each(() => crc32c(bytes))],
    ['both: checksum of 600 bytes, kafkajs', each(() => theirs.crc32C(bytes))],
    ['both: partition of a key', each((i) => murmur2(keys[i]!))],
    ['both: partition of a key, kafkajs', each((i) => theirs.murmur2(keys[i]!))],
  ]
  const costs: StepCost[] = []
  for (const [step, pass] of steps) costs.push({ step, nanoseconds: await nanosecondsEach(RECORDS, pass) })
  return costs
}

/** Its own, as long as nothing in this process has called `useFastRecords`. */
function kafkajsFunctions() {
  const from = (path: string): unknown => require(`kafkajs/src/${path}`)
  return {
    produceRequest: from('protocol/requests/produce/v3/request') as (options: object) => {
      encode(): Promise<unknown>
    },
    crc32C: from('protocol/recordBatch/crc32C') as (bytes: Buffer) => number,
    murmur2: from('producer/partitioners/default/murmur2') as (key: Buffer) => number,
  }
}
