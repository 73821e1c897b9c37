import { readFileSync } from 'node:fs'
import { Topics } from '#libs/contracts/catalogue'
import type { Verdict } from '#libs/contracts/verdict'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../../apps/enforcement/ledger/a-verdict.fixture.js'
import { usageOf } from '../bench/process-usage.js'
import { eventually, type WeirSystem } from '../harness/weir-system.js'

export const PLATFORM = 'p1'
export const LOUD = 'loud'
/** The account is looked at so often while it changes: its outbox is never as full as then. */
const LOOK_MS = 100

/** What a stretch of the messages cost. */
export interface Stretch {
  readonly messages: number
  /** CPU milliseconds per message. */
  readonly enforcement: number
  readonly mongod: number
}

/** Makes verdicts that act on messages of an account, each message another one. */
export function verdictMaker(): (accountId: string, n: number, at?: number) => Verdict {
  const { clauses } = parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!
  const [clause, { category }] = Object.entries(clauses).find(([, one]) => one.severity === 1)!
  return (accountId, n, at = Date.now()) =>
    aVerdict(accountId, `m-${n}`, { severity: 1, clause, category, at: new Date(at), platformId: PLATFORM })
}

export function recordOf(verdict: Verdict): { key: string; value: Buffer } {
  return {
    key: `${verdict.platformId}/${verdict.accountId}`,
    value: Buffer.from(JSON.stringify(verdict)),
  }
}

/** Lets one account violate `messages` times, in ten stretches; says what each cost, and how large its document ever was. */
export async function floodAccount(
  system: WeirSystem,
  messages: number,
  tell: (stretch: Stretch) => void,
): Promise<{ stretches: Stretch[]; largestAccount: number }> {
  const make = verdictMaker()
  const service = system.services.enforcement
  const mongod = system.stack.mongo!.pid
  const each = Math.ceil(messages / 10)
  const stretches: Stretch[] = []
  let largestAccount = 0
  for (let from = 0; from < messages; from += each) {
    const count = Math.min(each, messages - from)
    process.kill(service.pid, 'SIGSTOP')
    // A millisecond apart: those of the last instant are not archived, however many the machine makes in one.
    const first = Date.now() - count
    const records = Array.from({ length: count }, (_, i) => recordOf(make(LOUD, from + i, first + i)))
    await system.produce(Topics.verdicts.name, records).finally(() => process.kill(service.pid, 'SIGCONT'))
    const before = [usageOf(service.pid), usageOf(mongod)] as const
    const looking = setInterval(() => {
      void sizeOf(system).then((size) => (largestAccount = Math.max(largestAccount, size)))
    }, LOOK_MS)
    try {
      await eventually('all of it done', () => isDone(system), 1_800)
    } finally {
      clearInterval(looking)
    }
    const used = (now: ReturnType<typeof usageOf>, then: ReturnType<typeof usageOf>) =>
      ((now.cpuSeconds - then.cpuSeconds) * 1_000) / count
    const stretch = {
      messages: count,
      enforcement: used(usageOf(service.pid), before[0]),
      mongod: used(usageOf(mongod), before[1]),
    }
    stretches.push(stretch)
    tell(stretch)
  }
  return { stretches, largestAccount }
}

/** The largest document of each collection of enforcement, in bytes. */
export async function largestDocuments(system: WeirSystem): Promise<Map<string, number>> {
  const database = system.database('enforcement')
  const sizes = new Map<string, number>()
  for (const { name } of await database.listCollections({ type: 'collection' }).toArray()) {
    if (name.startsWith('system.')) continue
    const [largest] = await database
      .collection(name)
      .aggregate<{ size: number }>([{ $group: { _id: null, size: { $max: { $bsonSize: '$$ROOT' } } } }])
      .toArray()
    if (largest) sizes.set(name, largest.size)
  }
  return sizes
}

async function isDone(system: WeirSystem): Promise<boolean> {
  if ((await system.undone('enforcement', Topics.verdicts.name)) > 0) return false
  return (await system.unsettled()) === 0
}

async function sizeOf(system: WeirSystem): Promise<number> {
  const [found] = await system
    .database('enforcement')
    .collection<{ _id: string }>('accounts')
    .aggregate<{ size: number }>([
      { $match: { _id: `${PLATFORM}/${LOUD}` } },
      { $project: { size: { $bsonSize: '$$ROOT' } } },
    ])
    .toArray()
  return found?.size ?? 0
}
