import { generateKeyPairSync } from 'node:crypto'
import { register } from 'prom-client'
import { beforeEach, describe, expect, it } from 'vitest'
import { EMPTY_TAIL, type Tail } from '#libs/audit/chain'
import { openNote, readUnsignedNote, signNote, verifierKey } from '#libs/audit/checkpoint-note'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import type { Clock } from '#libs/runtime/clock'
import type { OutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { createLogger } from '#libs/runtime/logger'
import { AuditKey } from './audit-key.js'
import type { AuditStore } from './audit.store.js'
import type { CheckpointDocument, CheckpointStore } from './checkpoint.store.js'
import { EnforcementEnv } from '../config.js'
import type { PublishedCheckpoints } from './published-checkpoints.js'
import { PublishedCheckpointsView } from './published-past.rules.js'
import { PublishCheckpoints } from './publish-checkpoints.js'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const headOf = (size: number, history: string): string =>
  Buffer.alloc(32, `${history}${size}`).toString('base64')

/** A log of history `a` up to `shared` records, and of its own from there on. */
interface Log {
  size: number
  history: string
  shared?: number
}

describe('checkpoints', () => {
  let now: Date
  /** Size and history of shard 1; the others are empty. */
  let log: Log
  let kept: CheckpointDocument[]
  let published: OutRecord<Checkpoint>[]
  let isAway: boolean
  /** What others do while an instance makes sure that it knows everything. */
  let beforeSigning: (() => void | Promise<void>) | undefined

  const tailOf = (shard: string, size: number): Tail =>
    shard === '1' && size > 0
      ? {
          size,
          head: headOf(size, size <= (log.shared ?? 0) ? 'a' : log.history),
          loggedAt: new Date(size * 1_000).toISOString(),
        }
      : EMPTY_TAIL

  /** Reads what was published up to now, and again when it is asked to. */
  function readerOf(key: AuditKey): PublishedCheckpoints {
    let view = new PublishedCheckpointsView(key.publicKeys)
    const fresh = async (): Promise<void> => {
      view = new PublishedCheckpointsView(key.publicKeys)
      for (const { value } of published) view.take(value!)
      await beforeSigning?.()
    }
    for (const { value } of published) view.take(value!)
    return {
      isRead: true,
      fresh,
      of: (shard: string) => view.of(shard),
      shards: () => view.shards(),
    } as unknown as PublishedCheckpoints
  }

  function anInstance(key = new AuditKey(privateKey, 'weir.test/audit')): PublishCheckpoints {
    const store = {
      tail: async (shard: string) => tailOf(shard, log.size),
      tailOfSize: async (shard: string, size: number) => {
        if (isAway) throw new Error('the database is away')
        return size > log.size ? null : tailOf(shard, size)
      },
    }
    const checkpoints = {
      newest: async (shard: string) => kept.findLast((one) => one.shard === shard) ?? null,
      keep: async ({ at, ...rest }: Checkpoint, _id: string, signedAt: Date) =>
        void kept.push({ _id, ...rest, at: new Date(at), signedAt }),
    }
    const publisher = {
      publish: async (...records: OutRecord<Checkpoint>[]) => void published.push(...records),
    }
    return new PublishCheckpoints(
      store as unknown as AuditStore,
      checkpoints as unknown as CheckpointStore,
      readerOf(key),
      key,
      publisher as unknown as Publisher,
      { now: () => now } as Clock,
      new EnforcementEnv(),
      createLogger('enforcement', 'silent'),
    )
  }
  const sizes = (): number[] => published.map(({ value }) => value!.size)

  beforeEach(() => {
    now = new Date('2026-11-24T07:00:00Z')
    log = { size: 3, history: 'a' }
    kept = []
    published = []
    isAway = false
    beforeSigning = undefined
  })

  it('are signed for what grew, not more often than asked', async () => {
    const instance = anInstance()
    await instance.publish()
    expect(published).toMatchObject([{ key: '1', value: { shard: '1', size: 3, head: headOf(3, 'a') } }])
    expect(openNote(published[0]!.value!.note, publicKey)).toEqual({
      origin: 'weir.test/audit/1',
      size: 3,
      head: headOf(3, 'a'),
    })
    now = new Date(now.getTime() + 60_000)
    await instance.publish()
    expect(sizes()).toEqual([3])
    log.size = 5
    await instance.publish()
    log.size = 6
    await instance.publish()
    expect(sizes()).toEqual([3, 5])
    now = new Date(now.getTime() + 10_000)
    await instance.publish()
    expect(sizes()).toEqual([3, 5, 6])
  })

  it('are the same to the byte, whoever signs', async () => {
    const instances = [anInstance(), anInstance()]
    for (const instance of instances) {
      kept = []
      beforeSigning = () => void (now = new Date(now.getTime() + 77))
      const before = published
      published = []
      await instance.publish()
      published = [...before, ...published]
    }
    expect(published).toHaveLength(2)
    expect(published[1]).toEqual(published[0])
  })

  describe('continue what was published, whatever the database remembers', () => {
    const restored = () => {
      kept = kept.slice(0, 1)
      now = new Date(now.getTime() + 60_000)
    }

    beforeEach(async () => {
      const instance = anInstance()
      await instance.publish()
      log.size = 6
      now = new Date(now.getTime() + 60_000)
      await instance.publish()
      expect(sizes()).toEqual([3, 6])
    })

    it.each<[string, Log, boolean]>([
      ['an old backup', { size: 3, history: 'a' }, false],
      ['an old backup that grew a little', { size: 5, history: 'b', shared: 3 }, false],
      ['an old backup that grew to the same size', { size: 6, history: 'b', shared: 3 }, false],
      ['an old backup that grew past it', { size: 9, history: 'b', shared: 3 }, false],
      ['nothing at all', { size: 0, history: 'b' }, true],
      ['nothing, and grew', { size: 9, history: 'b' }, true],
    ])('and so not those of %s', async (_what, after, isEmptied) => {
      restored()
      if (isEmptied) kept = []
      log = after
      const another = anInstance()
      await another.publish()
      now = new Date(now.getTime() + 60_000)
      await another.publish()
      expect(sizes()).toEqual([3, 6])
      expect(await isBroken()).toBe(true)
      if (log.size >= 3) {
        const note = await another.noteAt('1', 3)
        expect(readUnsignedNote(note)).toMatchObject({ origin: 'weir.test/audit/1', size: 3 })
      }
    })

    it('and of a copy that lost only its own list, and remember it', async () => {
      restored()
      const another = anInstance()
      await another.publish()
      log.size = 8
      now = new Date(now.getTime() + 60_000)
      await another.publish()
      expect(sizes()).toEqual([3, 6, 8])
      expect(kept.map(({ size }) => size)).toEqual([3, 6, 8])
      expect(await isBroken()).toBe(false)
    })

    it('also what another instance published just now', async () => {
      const instance = anInstance()
      log = { size: 7, history: 'a' }
      now = new Date(now.getTime() + 60_000)
      // The other works on a copy that went another way.
      beforeSigning = async () => {
        beforeSigning = undefined
        const size = 8
        const head = headOf(size, 'fork')
        const other = new AuditKey(privateKey, 'weir.test/audit')
        const note = signNote({ origin: other.originOf('1'), size, head }, privateKey)
        published.push({ value: { shard: '1', size, head, note, at: now.toISOString() } } as never)
        await (instance as unknown as { published: PublishedCheckpoints }).published.fresh()
      }
      await instance.publish()
      expect(sizes()).toEqual([3, 6, 8])
      expect(await isBroken()).toBe(true)
    })

    it('and none where two say different things', async () => {
      const head = headOf(6, 'b')
      const note = signNote({ origin: 'weir.test/audit/1', size: 6, head }, privateKey)
      published.push({ value: { shard: '1', size: 6, head, note, at: now.toISOString() } } as never)
      log.size = 9
      now = new Date(now.getTime() + 60_000)
      await anInstance().publish()
      expect(published).toHaveLength(3)
      expect(await isBroken()).toBe(true)
    })

    it('with another key only where it was told which key came before', async () => {
      const { privateKey: other } = generateKeyPairSync('ed25519')
      log.size = 9
      now = new Date(now.getTime() + 60_000)
      await anInstance(new AuditKey(other, 'weir.test/audit')).publish()
      expect(sizes()).toEqual([3, 6])
      expect(await isBroken()).toBe(true)
      const previous = [verifierKey('weir.test/audit/1', publicKey)]
      const told = new AuditKey(other, 'weir.renamed/audit', previous)
      log.history = 'b'
      await anInstance(told).publish()
      expect(sizes()).toEqual([3, 6])
      log.history = 'a'
      await anInstance(told).publish()
      expect(sizes()).toEqual([3, 6, 9])
      expect(await isBroken()).toBe(false)
    })

    it('and not what somebody without the key put beside it', async () => {
      const { privateKey: stranger } = generateKeyPairSync('ed25519')
      const head = headOf(99, 'b')
      const note = signNote({ origin: 'weir.test/audit/1', size: 99, head }, stranger)
      published.push({ value: { shard: '1', size: 99, head, note, at: now.toISOString() } } as never)
      log.size = 9
      now = new Date(now.getTime() + 60_000)
      await anInstance().publish()
      expect(sizes()).toEqual([3, 6, 99, 9])
    })

    it('whichever way the clock goes', async () => {
      now = new Date(0)
      log.size = 9
      await anInstance().publish()
      expect(sizes()).toEqual([3, 6, 9])
    })
  })

  it.each([
    ['lost its end', { size: 4, history: 'a' }],
    ['lost everything', { size: 0, history: 'a' }],
    ['was rewritten, and grew', { size: 9, history: 'b' }],
    ['was rewritten', { size: 5, history: 'b' }],
  ])('are not signed any more when the log %s', async (_what, after) => {
    log.size = 5
    const instance = anInstance()
    await instance.publish()
    now = new Date(now.getTime() + 60_000)
    log = after
    await instance.publish()
    expect(sizes()).toEqual([5])
    expect(await isBroken()).toBe(true)
    now = new Date(now.getTime() + 60_000)
    log = { size: 5, history: 'a' }
    await instance.publish()
    expect(await isBroken()).toBe(false)
  })

  it('wait while the log cannot be read: that does not make it broken', async () => {
    const instance = anInstance()
    await instance.publish()
    now = new Date(now.getTime() + 60_000)
    log.size = 5
    isAway = true
    await expect(instance.publish()).rejects.toThrow('the database is away')
    expect(await isBroken()).toBe(false)
    isAway = false
    await instance.publish()
    expect(sizes()).toEqual([3, 5])
  })
})

async function isBroken(): Promise<boolean> {
  const metric = await register.getSingleMetric('weir_enforcement_audit_broken')!.get()
  return metric.values.some(({ labels, value }) => labels['shard'] === '1' && value === 1)
}
