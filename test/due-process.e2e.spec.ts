import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ambiguous, problemsOf } from './due-process/check.js'
import { ApiClients, type Person } from './due-process/api-clients.js'
import { deedsOf } from './due-process/deeds.js'
import { Moderator, Owner, Platform, Senior, type Stage } from './due-process/people.js'
import { planScene, SCENE_PLATFORMS, sceneClauses } from './due-process/scene.js'
import { Seen } from './due-process/seen.js'
import { sendVerdicts } from './due-process/send-verdicts.js'
import { tell } from './faults/bench.js'
import { randomFrom } from './faults/workload.js'
import { eventually, WeirSystem } from './harness/weir-system.js'
import type { ServiceProcess } from '#libs/testing/service-process'
import { LONG } from '#libs/testing/property-runs.fixture'

/** `LONG=1`: more accounts, more kills, some minutes. */
const SEED = Number(process.env['DUE_PROCESS_SEED'] ?? Date.now() % 100_000)
const SECONDS = LONG ? 240 : 24
/** Of each sort. */
const ACCOUNTS = LONG ? 250 : 40
const KILLS = LONG ? 8 : 2

let system: WeirSystem
let instances: ServiceProcess[]

beforeAll(async () => {
  // A killed consumer's partitions wait for the end of its session, what it was asked for the end of a lease.
  const env = { KAFKA_SESSION_MS: '6000', TIMER_MS: '500', IDEMPOTENCY_LEASE_MS: '8000' }
  system = await WeirSystem.start(env)
  for (const id of SCENE_PLATFORMS) expect((await system.register(id)).status).toBe(201)
  instances = [system.services.enforcement, await system.startAnother('enforcement')]
})
afterAll(() => system.stop())

/** Sixteen: six moderators, six seniors, two owners, two platforms. */
function everybody(stage: Stage): { run(): Promise<void> }[] {
  const named = (role: Person['roles'][number], i: number): Person => ({
    subject: `${role}-${i}`,
    roles: [role],
  })
  let stream = SEED
  const random = () => randomFrom(++stream * 7_919)
  return [
    ...[1, 2, 3, 4, 5, 6].map((i) => new Moderator(stage, named('moderator', i), random())),
    ...[1, 2, 3, 4, 5, 6].map((i) => new Senior(stage, named('senior', i), random())),
    ...[1, 2].map((i) => new Owner(stage, { subject: `owner-${i}`, roles: [] }, random())),
    ...SCENE_PLATFORMS.map(
      (platform) => new Platform(stage, { subject: platform, roles: ['platform'], platform }, random()),
    ),
  ]
}

/** Kills an instance after the other, each in the middle of its work, and starts it again. */
async function killInTurn(random: () => number): Promise<number> {
  const pause = (SECONDS * 1_000) / (KILLS + 1)
  for (let i = 0; i < KILLS; i++) {
    await sleep(pause * (0.6 + 0.4 * random()))
    const instance = instances[i % instances.length]!
    instance.kill('SIGKILL')
    await sleep(300 + 1_000 * random())
    await instance.restart()
  }
  return KILLS
}

/** Resolves when no document of enforcement has anything left to deliver. */
async function nothingPending(): Promise<void> {
  const database = system.database('enforcement')
  await eventually('every outbox is empty and every appeal settled', async () => {
    const waiting = ['cases', 'directives', 'appeals'].map((name) =>
      database.collection(name).countDocuments({ 'pending.0': { $exists: true } }),
    )
    const unsettled = database.collection('appeals').countDocuments({ settled: false })
    return (await Promise.all([...waiting, unsettled, system.unsettled()])).every((count) => count === 0)
  })
}

it(
  `holds with 16 clients at once while enforcement is killed (seed ${SEED})`,
  { timeout: (SECONDS + 300) * 1_000 },
  async () => {
    const random = randomFrom(SEED)
    const accounts = planScene(ACCOUNTS, SECONDS * 1_000, random)
    const stage: Stage = {
      system,
      api: new ApiClients(system, instances, random),
      accounts,
      clauses: sceneClauses(),
      seen: await Seen.follow(system),
      deeds: [],
      works: [],
      refusals: new Map(),
      isOver: false,
    }
    const sending = sendVerdicts(system, accounts, stage.clauses, random)
    const people = everybody(stage).map((one) => one.run())
    const killing = killInTurn(random)
    await sleep(SECONDS * 1_000)
    const [sent, kills] = await Promise.all([sending, killing])
    stage.isOver = true
    await Promise.all(people)
    await system.drained(SCENE_PLATFORMS)
    await nothingPending()
    const receipts = SCENE_PLATFORMS.map((id) => `weir.in.${id}.receipts.v1`)
    for (const topic of receipts)
      await eventually(`${topic} is read`, async () => (await system.undone('enforcement', topic)) === 0)
    const published = ['weir.events.v1', ...SCENE_PLATFORMS.map((id) => `weir.out.${id}.directives.v1`)]
    const ends = await Promise.all(published.map((topic) => system.topicEnds(topic)))
    const all = ends.reduce((a, b) => a + b)
    await eventually('all that was published is seen', () => {
      const { directives, events, copies } = stage.seen.look()
      return directives.size + events.size + copies >= all
    })

    const problems = await problemsOf(stage)
    const { deeds, works, api, seen } = stage
    const heard = deedsOf(deeds, 'hearing')
    tell('due process', {
      seed: SEED,
      kills,
      verdicts: sent,
      calls: api.answered.length,
      retries: api.retries,
      claims: works.length,
      decisions: deedsOf(deeds, 'decision').length,
      approvals: deedsOf(deeds, 'approval').length,
      refusals: deedsOf(deeds, 'refusal').length,
      reversals: deedsOf(deeds, 'reversal').length,
      appeals: deedsOf(deeds, 'appeal').length,
      heard: heard.length,
      granted: heard.filter(({ outcome }) => outcome === 'granted').length,
      receipts: deedsOf(deeds, 'receipt').length,
      directives: seen.directives.size,
      bans: [...seen.directives.values()].filter(({ kind }) => kind === 'ban_account').length,
      copies: seen.copies,
      refused: Object.fromEntries(stage.refusals),
      ambiguous: ambiguous(stage),
    })
    expect(problems).toEqual([])
    // What a run is for must have happened in it; refusals are too rare for a short one.
    for (const deed of ['decision', 'approval', 'reversal', 'appeal', 'hearing', 'receipt'] as const)
      expect(deedsOf(deeds, deed).length, deed).toBeGreaterThan(0)
    expect(api.retries).toBeGreaterThan(0)
  },
)
