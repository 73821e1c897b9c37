import { randomUUID } from 'node:crypto'
import mongoose, { type Connection, type Model } from 'mongoose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AUDIT_SHARDS, EMPTY_TAIL, recordHash, shardOf } from '#libs/audit/chain'
import type { AuditEntry, AuditRecord } from '#libs/contracts/audit-record'
import { Clock } from '#libs/runtime/clock'
import { createLogger } from '#libs/runtime/logger'
import { Startup } from '#libs/runtime/startup'
import { AuditLog } from './audit-log.js'
import { AUDIT_LOG, type AuditBlock, AuditLogSchema, AuditStore, recordId } from './audit.store.js'

const anEntry = (n: number): AuditEntry => ({
  entryId: `ev_${n}`,
  kind: 'case.entry_added',
  subject: `case/c${n % 50}`,
  at: new Date(n).toISOString(),
  actor: n % 10 === 0 ? `person-${n % 3}` : 'system',
  platformId: 'p1',
  accountId: `acc-${n % 50}`,
})
const some = (from: number, count: number): AuditEntry[] =>
  Array.from({ length: count }, (_, i) => anEntry(from + i))

/** Loses the answer of some inserts, after they were made or before. */
class UnreliableStore extends AuditStore {
  failures = 0
  inserts = 0

  override async append(records: readonly AuditRecord[]): Promise<boolean> {
    this.inserts++
    if (this.failures > 0 && this.inserts % 3 === 0) {
      this.failures--
      if (this.failures % 2 === 0) await super.append(records)
      throw new Error('the connection was lost')
    }
    return super.append(records)
  }
}

describe('the audit log, on a real MongoDB', () => {
  let connection: Connection
  const startup = new Startup(createLogger('enforcement', 'silent'))

  beforeAll(async () => {
    connection = await mongoose
      .createConnection(process.env['MONGODB_URI']!, {
        dbName: `weir_audit_${randomUUID()}`,
        writeConcern: { w: 'majority' },
        readConcern: { level: 'majority' },
        autoIndex: false,
      })
      .asPromise()
  })
  afterAll(async () => {
    startup.beforeApplicationShutdown()
    await connection.dropDatabase()
    await connection.close()
  })

  const aStore = (): UnreliableStore => {
    const model: unknown = connection.models[AUDIT_LOG] ?? connection.model(AUDIT_LOG, AuditLogSchema)
    return new UnreliableStore(model as Model<AuditBlock>)
  }

  async function anInstance() {
    const store = aStore()
    const log = new AuditLog(store, new Clock(), startup)
    await expect.poll(() => startup.unfinished().size, { timeout: 10_000 }).toBe(0)
    return { store, log }
  }

  async function everything(): Promise<AuditRecord[]> {
    const store = aStore()
    const all: AuditRecord[] = []
    for (const shard of AUDIT_SHARDS) {
      let prevHash = EMPTY_TAIL.head
      let seq = 0
      for await (const record of store.between(shard, 0, Infinity)) {
        expect(record).toMatchObject({ shard, seq, prevHash })
        expect(recordHash(record)).toBe(record.hash)
        expect(shardOf(record.entry)).toBe(shard)
        prevHash = record.hash
        seq++
        all.push(record)
      }
      expect(await store.tail(shard)).toMatchObject({ size: seq, head: prevHash })
    }
    return all
  }

  const ids = (records: readonly { entry: AuditEntry }[]): string[] =>
    records.map(({ entry }) => entry.entryId).sort()

  it('takes nothing in while no index keeps entries unique', async () => {
    const log = new AuditLog(aStore(), new Clock(), startup)
    await expect(log.append([anEntry(0)])).rejects.toMatchObject({ slug: 'not-ready', retryable: true })
    await connection.models[AUDIT_LOG]!.createIndexes()
    await expect
      .poll(
        () =>
          log.append([anEntry(0)]).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true)
    expect(ids(await everything())).toStrictEqual(['ev_0'])
  })

  it('is one gapless chain a shard with each entry once, from 8 instances at once, with lost answers and repeats', async () => {
    const instances = await Promise.all(Array.from({ length: 8 }, anInstance))
    for (const { store } of instances) store.failures = 6
    const batches = Array.from({ length: 60 }, (_, i) => some(1 + i * 25, 25))
    // Each batch is delivered by two instances, as by the one that made the change and by a relay, until both were told.
    const deliveries = batches.flatMap((batch, i) => [
      { batch, to: instances[i % 8]! },
      { batch: batch.toReversed(), to: instances[(i * 3 + 1) % 8]! },
    ])
    await Promise.all(
      deliveries.map(async ({ batch, to }) => {
        for (let told = false; !told;)
          told = await to.log.append(batch).then(
            () => true,
            () => false,
          )
      }),
    )
    expect(instances.every(({ store }) => store.failures < 6)).toBe(true)
    expect(ids(await everything())).toStrictEqual(ids(some(0, 1_501).map((entry) => ({ entry }))))
  })

  it('needs one insert a shard for a batch, and takes waiting batches in together', async () => {
    const { store, log } = await anInstance()
    await log.append(some(10_000, 500))
    const before = store.inserts
    await log.append(some(20_000, 500))
    expect(store.inserts - before).toBe(AUDIT_SHARDS.length)
    await Promise.all(Array.from({ length: 40 }, (_, i) => log.append(some(30_000 + i * 50, 50))))
    expect(store.inserts - before).toBeLessThanOrEqual(3 * AUDIT_SHARDS.length)
    await everything()
  })

  it('is listed newest first, by subject, actor and platform', async () => {
    const store = aStore()
    const of = async (filter: Parameters<AuditStore['list']>[0]): Promise<string[]> =>
      (await store.list(filter, 10_000)).map(({ entry }) => entry.entryId)
    const all = await everything()
    const expected = (which: (entry: AuditEntry) => boolean): string[] =>
      ids(all.filter(({ entry }) => which(entry)))
    expect((await of({ subject: 'case/c7' })).sort()).toStrictEqual(
      expected(({ subject }) => subject === 'case/c7'),
    )
    expect((await of({ actor: 'person-1' })).sort()).toStrictEqual(
      expected(({ actor }) => actor === 'person-1'),
    )
    expect((await of({ actor: 'system' })).sort()).toStrictEqual(expected(({ actor }) => actor === 'system'))
    expect(await of({ platformId: 'p2' })).toStrictEqual([])
    const paged: string[] = []
    for (let after: [Date, string] | undefined; ;) {
      const found = await store.list({ platformId: 'p1' }, 700, after)
      const items = found.slice(0, 700)
      paged.push(...items.map(({ entry }) => entry.entryId))
      const last = items.at(-1)!
      if (found.length <= 700) break
      after = [new Date(last.loggedAt), recordId(last.shard, last.seq)]
    }
    expect(paged).toStrictEqual(await of({}))
    const times = (await store.list({}, 10_000)).map(({ loggedAt }) => Date.parse(loggedAt))
    expect(times).toStrictEqual(times.toSorted((a, b) => b - a))
  })

  it('is listed by what stood on a list that was looked at, page by page, and each entry once', async () => {
    const { store, log } = await anInstance()
    const view = (n: number): AuditEntry => ({
      entryId: `view_${n}`,
      kind: 'evidence.viewed',
      subject: n % 2 === 0 ? 'list/cases' : 'case/seen-7',
      at: new Date(n).toISOString(),
      actor: 'anna',
      seen: ['case/seen-7', `case/other-${n}`],
    })
    for (let n = 0; n < 9; n++) await log.append([view(n), ...some(40_000 + n * 10, 10)])
    const seen = await store.list({ subject: 'case/seen-7' }, 100)
    expect(ids(seen)).toStrictEqual(ids(Array.from({ length: 9 }, (_, n) => ({ entry: view(n) }))))
    expect(await store.list({ subject: 'case/other-3' }, 100)).toMatchObject([{ entry: view(3) }])
    const times = seen.map(({ loggedAt }) => Date.parse(loggedAt))
    expect(times).toStrictEqual(times.toSorted((a, b) => b - a))
    const paged: string[] = []
    for (let after: [Date, string] | undefined; ;) {
      const found = await store.list({ subject: 'case/seen-7', actor: 'anna' }, 2, after)
      paged.push(...found.slice(0, 2).map(({ entry }) => entry.entryId))
      if (found.length <= 2) break
      after = [new Date(found[1]!.loggedAt), recordId(found[1]!.shard, found[1]!.seq)]
    }
    expect(paged).toStrictEqual(seen.map(({ entry }) => entry.entryId))
    await everything()
  })

  it('knows where a shard ended at an instant', async () => {
    const store = aStore()
    const { loggedAt, seq } = (await everything()).filter(({ shard }) => shard === '1').at(-1)!
    const all = (await everything()).filter((record) => record.shard === '1')
    const at = new Date(loggedAt)
    expect(await store.sizeBefore('1', at)).toBe(all.filter((record) => record.loggedAt < loggedAt).length)
    expect(await store.sizeBefore('1', new Date(at.getTime() + 1))).toBe(seq + 1)
    expect(await store.sizeBefore('1', new Date(0))).toBe(0)
  })
})
