import { setTimeout as sleep } from 'node:timers/promises'
import { Topics } from '#libs/contracts/catalogue'
import type { Verdict } from '#libs/contracts/verdict'
import type { WeirSystem } from '../harness/weir-system.js'
import { receive, type SceneAccount, type SceneClauses } from './scene.js'

const TICK_MS = 50
/** Copies and late ones come up to so long after they were received. */
const LATEST_MS = 4_000

/**
 * Sends the verdicts of a scene at their times, some late, a third of them more than once; those of calm accounts in order and
 * at once, their copies later. Resolves when all are on the topic; says how many records that were.
 */
export async function sendVerdicts(
  system: WeirSystem,
  accounts: readonly SceneAccount[],
  clauses: SceneClauses,
  random: () => number,
): Promise<number> {
  const start = Date.now()
  const waiting = accounts.flatMap((account) =>
    account.messages.flatMap((message) => message.verdicts.map((planned) => ({ account, message, planned }))),
  )
  waiting.sort((a, b) => a.planned.at - b.planned.at)
  let later: { due: number; verdict: Verdict }[] = []
  let sent = 0
  while (waiting.length > 0 || later.length > 0) {
    const now = Date.now()
    const going: Verdict[] = []
    while (waiting[0] && start + waiting[0].planned.at <= now) {
      const { account, message, planned } = waiting.shift()!
      if (message.isActedOn) continue
      const verdict = receive(account, message, planned, clauses)
      if (account.isCalm) going.push(verdict)
      else later.push({ due: now + random() * LATEST_MS * random(), verdict })
      const copies = random() < 0.33 ? 1 + Math.floor(random() * 2) : 0
      for (let i = 0; i < copies; i++) later.push({ due: now + random() * LATEST_MS, verdict })
    }
    going.push(...later.filter(({ due }) => due <= now).map(({ verdict }) => verdict))
    later = later.filter(({ due }) => due > now)
    await system.produce(
      Topics.verdicts.name,
      going.map((value) => ({ key: `${value.platformId}/${value.accountId}`, value })),
    )
    sent += going.length
    await sleep(TICK_MS)
  }
  return sent
}
