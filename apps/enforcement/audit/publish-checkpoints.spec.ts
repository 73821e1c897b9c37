import { generateKeyPairSync } from 'node:crypto'
import { register } from 'prom-client'
import { beforeEach, describe, expect, it } from 'vitest'
import { EMPTY_TAIL, type Tail } from '#libs/audit/chain'
import { openNote } from '#libs/audit/checkpoint-note'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import type { Clock } from '#libs/platform/clock'
import type { OutRecord, Publisher } from '#libs/platform/kafka/publisher'
import { createLogger } from '#libs/platform/logger'
import { AuditKey } from './audit-key.js'
import type { AuditStore } from './audit.store.js'
import type { CheckpointDocument, CheckpointStore } from './checkpoint.store.js'
import { EnforcementEnv } from '../config.js'
import { PublishCheckpoints } from './publish-checkpoints.js'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const headOf = (size: number, history: string): string =>
  Buffer.alloc(32, `${history}${size}`).toString('base64')

describe('checkpoints', () => {
  let now: Date
  /** Size and history of shard 1; the others are empty. */
  let log: { size: number; history: string }
  let kept: CheckpointDocument[]
  let published: OutRecord<Checkpoint>[]
  let isAway: boolean

  const tailOf = (shard: string, size: number): Tail =>
    shard === '1' && size > 0
      ? { size, head: headOf(size, log.history), loggedAt: new Date(size * 1_000).toISOString() }
      : EMPTY_TAIL

  function anInstance(): PublishCheckpoints {
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
      new AuditKey(privateKey, 'weir.test/audit'),
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
    await anInstance().publish()
    kept = []
    now = new Date(now.getTime() + 77)
    await anInstance().publish()
    expect(published).toHaveLength(2)
    expect(published[1]).toEqual(published[0])
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
