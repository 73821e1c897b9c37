import mongoose, { type Connection } from 'mongoose'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePublicKey } from '#libs/audit/checkpoint-note'
import { LogVerifier } from '#libs/audit/log-verifier'
import { Topics } from '#libs/contracts/catalogue'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import { person, settled, StartedEnforcement } from '../started-enforcement.fixture.js'

const COLLECTIONS = ['audit_log', 'audit_checkpoints'] as const
const AUDITOR = person('reads', 'auditor')

describe('the audit key, on a real Kafka and MongoDB', () => {
  let enforcement: StartedEnforcement
  let mongo: Connection
  let registered = 0

  beforeAll(async () => {
    enforcement = await StartedEnforcement.start({ TIMER_MS: '100', AUDIT_CHECKPOINT_MS: '100' })
    await enforcement.watch(Topics.checkpoints.name)
    mongo = await mongoose
      .createConnection(enforcement.stack.mongoUri, { dbName: 'weir_enforcement' })
      .asPromise()
  })
  afterAll(async () => {
    await mongo?.close()
    await enforcement?.stop()
  })

  const published = (): Checkpoint[] =>
    enforcement.on(Topics.checkpoints.name).map(({ value }) => value as unknown as Checkpoint)
  const sizes = (some: readonly Checkpoint[]): Map<string, number> => {
    const largest = new Map<string, number>()
    for (const { shard, size } of some) largest.set(shard, Math.max(size, largest.get(shard) ?? 0))
    return largest
  }
  const logged = async (): Promise<Map<string, number>> => {
    const ends = await mongo
      .collection('audit_log')
      .aggregate<{ _id: string; end: number }>([{ $group: { _id: '$shard', end: { $max: '$end' } } }])
      .toArray()
    return new Map(ends.map(({ _id, end }) => [_id, end]))
  }
  const allPublished = (): Promise<void> =>
    settled(async () => expect(sizes(published())).toEqual(await logged()))
  const register = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const id = `p${++registered}`
      const body = { id, name: id, contacts: [] }
      expect(await enforcement.call('POST', '/platforms', person('root', 'admin'), body)).toMatchObject({
        status: 201,
      })
    }
  }
  const brokenShards = async (): Promise<string[]> => {
    const metrics = await (await fetch(`${enforcement.service.url}/metrics`)).text()
    return [...metrics.matchAll(/^weir_enforcement_audit_broken\{.*shard="(\d)".*\} 1$/gm)]
      .map(([, shard]) => shard!)
      .sort()
  }
  const verify = async (checkpoints: readonly Checkpoint[]): Promise<string[]> => {
    const { verifierKeys } = (
      await enforcement.call<{ verifierKeys: string[] }>('GET', '/public/checkpoints', AUDITOR)
    ).body
    const token = await signLocalToken(join(enforcement.folder, 'keys'), AUDITOR)
    const headers = { authorization: `Bearer ${token}` }
    const text = await (await fetch(`${enforcement.service.url}/v1/audit/export`, { headers })).text()
    const verifier = new LogVerifier(verifierKeys.map(parsePublicKey), checkpoints)
    for (const line of text.split('\n').slice(0, -1)) verifier.line(Buffer.from(line))
    return verifier.finish().findings.map(({ fault, shard }) => `${fault} ${shard}`)
  }

  it('signs no second past for a database that was restored, which goes on recording', async () => {
    await register(6)
    await allPublished()
    const backup = await Promise.all(COLLECTIONS.map((name) => mongo.collection(name).find().toArray()))
    const before = await logged()
    await register(8)
    await allPublished()
    const lost = [...(await logged())].filter(([shard, end]) => end > (before.get(shard) ?? 0))
    const shards = lost.map(([shard]) => shard).sort()
    expect(shards.length).toBeGreaterThan(0)
    expect(await verify(published())).toEqual([])
    expect(await brokenShards()).toEqual([])

    await enforcement.service.stop()
    for (const [i, name] of COLLECTIONS.entries()) {
      await mongo.collection(name).deleteMany({})
      await mongo.collection(name).insertMany(backup[i]!)
    }
    const then = published().length
    await enforcement.service.restart()
    await settled(async () => expect(await brokenShards()).toEqual(shards))
    // It grows past what was published.
    await register(30)
    await settled(async () => expect(await brokenShards()).toEqual(shards))
    // Its consumers take up the new platforms first.
    const ready = async () => (await fetch(`${enforcement.service.url}/health/ready`)).status
    await settled(async () => expect(await ready()).toBe(200))
    expect([...(await logged()).values()].reduce((sum, end) => sum + end, 0)).toBeGreaterThan(30)

    const since = published().slice(then)
    expect(since.filter(({ shard }) => shards.includes(shard))).toEqual([])
    const found = await verify(published())
    for (const shard of shards) expect(found).toContain(`unsigned ${shard}`)
    expect(found.some((one) => one.startsWith('forked') || one.startsWith('truncated'))).toBe(true)
    // What the database holds is no help against itself.
    expect((await verify([])).sort()).toEqual(shards.map((shard) => `unsigned ${shard}`))
  })

  it('is not taken for another one that was made when it was lost', async () => {
    await enforcement.service.stop()
    // The key of links at rest is not the one that was lost.
    const SECRETS_KEY = readFileSync(
      join(enforcement.folder, 'keys', 'enforcement-secrets-key'),
      'utf8',
    ).trim()
    const LOCAL_KEY_DIR = `${enforcement.folder}/other-keys`
    const another = await enforcement.startAnother({ LOCAL_KEY_DIR, SECRETS_KEY })
    const then = published().length
    await settled(async () => {
      const metrics = await (await fetch(`${another.url}/metrics`)).text()
      expect(metrics.match(/^weir_enforcement_audit_broken\{.*\} 1$/gm)).toHaveLength(sizes(published()).size)
    })
    expect(another.output()).toContain('unknown-key')
    expect(published().slice(then)).toEqual([])
  })
})
