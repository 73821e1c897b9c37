import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { OutsideRecord, WeirSystem } from '../harness/weir-system.js'
import type { Observed, SeenAccount, SeenAuditRecord, SeenRecord } from './differences.js'
import { type InputRecord, inputTopic } from './oracle.js'

const AUDITOR = { roles: ['auditor'] as const }
const BATCH_SIZE = 16

/** The input as the broker kept it. */
export async function readInput(system: WeirSystem, platforms: readonly string[]): Promise<InputRecord[]> {
  const records = await system.readAll(platforms.map(inputTopic))
  return records.map(({ topic, partition, offset, timestamp, value }) => ({
    platformId: topic.split('.')[2]!,
    partition,
    offset,
    receivedAt: timestamp,
    value,
  }))
}

/** Everything that was on topics, each record once, also where a topic has been truncated after it was read. */
export class Archive {
  readonly records: SeenRecord[] = []
  private readonly groupId = `outside-archive-${randomUUID()}`

  constructor(private readonly system: WeirSystem) {}

  /** Takes in what has come since the last call. */
  async readOn(topics: readonly string[]): Promise<void> {
    await this.system.readOn(topics, this.groupId, (record) => this.records.push(seen(record)))
  }
}

/** Half a million records are kept at once: of the headers only what is compared. */
function seen({ topic, value, headers }: OutsideRecord): SeenRecord {
  if (topic === 'weir.dead-letters.v1') return { topic, value, headers }
  return { topic, value, headers: { ce_id: headers['ce_id'] ?? '' } }
}

/** Looks at everything from outside: all topics but the input, the interface, and the collections that it does not show. */
export async function observe(
  system: WeirSystem,
  platforms: readonly string[],
  archive = new Archive(system),
): Promise<Observed> {
  const topicsReadAt = Date.now()
  await archive.readOn((await system.topics()).filter((topic) => !topic.startsWith('weir.in.')))
  const { records } = archive
  const enforcement = system.database('enforcement')
  const notification = system.database('notification')
  const keys = await enforcement.collection<{ _id: string }>('accounts').distinct('_id')
  const accounts: SeenAccount[] = []
  for (let from = 0; from < keys.length; from += BATCH_SIZE) {
    accounts.push(
      ...(await Promise.all(keys.slice(from, from + BATCH_SIZE).map((key) => accountAt(system, key)))),
    )
  }
  return {
    records,
    accounts,
    directives: (
      await Promise.all(
        platforms.map((id) =>
          system.all<Observed['directives'][number]>('enforcement', `/v1/directives?platform=${id}`, AUDITOR),
        ),
      )
    ).flat(),
    entries: await listOf(enforcement.collection('case_entries').find(), 'verdictId'),
    statements: await listOf(enforcement.collection('statements').find(), 'statementId'),
    notices: await listOf(notification.collection('notices').find(), 'noticeId'),
    deliveries: await listOf(notification.collection('deliveries').find(), 'deliveryId'),
    audit: await auditLog(system),
    topicsReadAt,
  }
}

/** As it is exported: a head for each shard, then the records. */
async function auditLog(system: WeirSystem): Promise<SeenAuditRecord[]> {
  const response = await fetch(`${system.services.enforcement.url}/v1/audit/export`, {
    headers: { authorization: `Bearer ${await system.token(AUDITOR)}` },
  })
  if (response.status !== 200) throw new Error(`the export of the audit log answered ${response.status}`)
  const records: SeenAuditRecord[] = []
  // Line by line: after a long run it is longer than a string may be.
  for await (const line of createInterface({ input: Readable.from(response.body!) })) {
    const { entry, ...record } = JSON.parse(line) as SeenAuditRecord & { entry?: SeenAuditRecord }
    if (entry) records.push({ ...record, entryId: entry.entryId, kind: entry.kind })
  }
  return records
}

/** Documents with their `_id` under the name that they have outside. */
async function listOf<T>(found: { toArray(): Promise<object[]> }, idName: string): Promise<T[]> {
  const documents = (await found.toArray()) as { _id: unknown }[]
  return documents.map((document) => ({ [idName]: document._id, ...document }) as T)
}

async function accountAt(system: WeirSystem, key: string): Promise<SeenAccount> {
  const path = `/v1/accounts/${key.split('/').map(encodeURIComponent).join('/')}`
  const { status, body } = await system.call<SeenAccount>('enforcement', path, AUDITOR)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
  return body
}
