import { setTimeout as sleep } from 'node:timers/promises'
import type { PersonsMeasure, Severity } from '../../apps/enforcement/ledger/ledger-oracle.fixture.js'
import type { WeirSystem } from '../harness/weir-system.js'
import { type Answered, ApiClients, type Person, slugOf } from './api-clients.js'
import type { Deed, Work } from './deeds.js'
import { received, type SceneAccount, type SceneClauses, type SceneMessage } from './scene.js'
import type { Seen, SeenDirective } from './seen.js'

/** What everybody knows. */
export interface Stage {
  readonly system: WeirSystem
  readonly api: ApiClients
  readonly accounts: readonly SceneAccount[]
  readonly clauses: SceneClauses
  readonly seen: Seen
  /** What was answered with a 2xx, in the order of the answers. */
  readonly deeds: Deed[]
  readonly works: Work[]
  /** How often something was refused, by slug. */
  readonly refusals: Map<string, number>
  isOver: boolean
}

const reasonsOf = (text: string) => ({ zh: `${text}。`, en: `${text}.` })

abstract class Client {
  constructor(
    protected readonly stage: Stage,
    protected readonly me: Person,
    protected readonly random: () => number,
  ) {}

  /** Acts until the stage is over, and ends what it has begun. */
  async run(): Promise<void> {
    while (!this.stage.isOver) {
      await this.act()
      await sleep(20 + this.random() * 150)
    }
  }

  protected abstract act(): Promise<void>

  protected pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random() * list.length)]
  }

  protected accountOf(platformId: unknown, accountId: unknown): SceneAccount {
    const found = this.stage.accounts.find(
      (one) => one.accountId === accountId && one.platformId === platformId,
    )
    if (!found) throw new Error(`${String(platformId)}/${String(accountId)} is no account of this test`)
    return found
  }

  /** Whether a person may act on a message now: on what has been seen, and in calm accounts only when all is. */
  protected isReady(account: SceneAccount, message: SceneMessage): boolean {
    if (account.isCalm) return this.stage.seen.everything(account)
    return received(message).length > 0 && this.stage.seen.all(message)
  }

  /** Whether it was done; what was refused is counted. */
  protected isDone(answer: Answered): boolean {
    if (answer.status < 300) return true
    const name = `${answer.status} ${slugOf(answer)}`
    this.stage.refusals.set(name, (this.stage.refusals.get(name) ?? 0) + 1)
    return false
  }

  /** The account and message that a directive is about, where one may object to it or undo it now. */
  protected undoable(directive: SeenDirective): { account: SceneAccount; message: SceneMessage } | null {
    const { kind, reverses, platformId, accountId, automated } = directive
    if (reverses) return null
    const account = this.accountOf(platformId, accountId)
    const message = account.messages.find(({ messageId }) => messageId === directive.messageIds[0])
    // A step of the ladder may turn out to be another strike's while verdicts are late.
    const isStep = automated && kind !== 'remove_message'
    if (!message || (isStep && !account.isCalm) || !this.isReady(account, message)) return null
    return { account, message }
  }
}

const MEASURES: readonly PersonsMeasure[] = ['label', 'warn', 'remove', 'limit', 'suspend']

/** Claims cases, reads and decides them; gives some back, writes notes. */
export class Moderator extends Client {
  protected async act(): Promise<void> {
    const { api, works } = this.stage
    const claimed = await api.post(this.me, '/v1/cases/next')
    if (claimed.status === 204 || !this.isDone(claimed)) return
    const { caseId, platformId, accountId } = claimed.body as Record<string, string>
    const work: Work = {
      caseId: caseId!,
      by: this.me.subject,
      from: claimed.answeredAt,
      version: Number(claimed.body['version']),
      to: Infinity,
      notes: [],
    }
    works.push(work)
    const path = `/v1/cases/${caseId!}`
    const read = await api.get(this.me, path)
    if (this.random() < 0.2) {
      const text = `note ${Math.floor(this.random() * 1e12)}`
      if (this.isDone(await api.post(this.me, `${path}/notes`, { text }))) work.notes.push(text)
    }
    const account = this.accountOf(platformId, accountId)
    const entries = (read.body['entries'] as { messageId: string }[] | undefined) ?? []
    const about = new Set(entries.map(({ messageId }) => messageId))
    const messages = account.messages.filter((one) => about.has(one.messageId) && this.isReady(account, one))
    const message = this.pick(messages)
    work.to = Date.now()
    if (message && this.random() > 0.1) return this.decide(path, account, message)
    const released = await api.post(this.me, `${path}/release`)
    // The answer to one that was sent again may show what others did after it.
    if (this.isDone(released) && released.tries === 1) work.releasedVersion = Number(released.body['version'])
  }

  private async decide(path: string, account: SceneAccount, message: SceneMessage): Promise<void> {
    const isSenior = this.me.roles.includes('senior')
    const choice = this.random()
    const isNone = choice < 0.1
    const isBan = isSenior && account.isCalm && choice > 0.7
    const urgent = isBan && this.random() < 0.7
    const severity = (urgent ? 4 : 1 + Math.floor(this.random() * 4)) as Severity
    const measure = isNone ? 'none' : isBan ? 'ban' : this.pick(MEASURES)!
    const { clauses } = this.stage
    const clause = urgent ? clauses.urgent : clauses.bySeverity[severity]
    if (!isNone) message.isActedOn = true
    const answer = await this.stage.api.post(this.me, `${path}/decisions`, {
      measure,
      reasons: reasonsOf('decided'),
      messageIds: [message.messageId],
      ...(isNone ? {} : { clause }),
    })
    if (this.isDone(answer))
      this.stage.deeds.push({ deed: 'decision', answer, account, message, severity, urgent })
  }
}

/** Does what moderators do; and approves, refuses, reverses, hears appeals. */
export class Senior extends Moderator {
  protected override async act(): Promise<void> {
    const choice = this.random()
    if (choice < 0.3) return super.act()
    if (choice < 0.5) return this.answerHeld()
    if (choice < 0.7) return this.reverse()
    return this.hear()
  }

  private async answerHeld(): Promise<void> {
    const { api, deeds } = this.stage
    const list = await api.get(this.me, '/v1/decisions?state=held&limit=50')
    const items = list.body['items'] as {
      decisionId: string
      by: string
      platformId: string
      accountId: string
    }[]
    const held = this.pick(items.filter(({ by }) => by !== this.me.subject))
    if (!held || !this.stage.seen.everything(this.accountOf(held.platformId, held.accountId))) return
    const deed = this.random() < 0.7 ? 'approval' : 'refusal'
    const path = `/v1/decisions/${held.decisionId}/${deed === 'approval' ? 'approve' : 'refuse'}`
    const answer = await api.post(this.me, path, { reasons: reasonsOf(deed) })
    if (this.isDone(answer)) deeds.push({ deed, answer, decisionId: held.decisionId })
  }

  private async reverse(): Promise<void> {
    const { api, deeds, seen } = this.stage
    const directive = this.pick([...seen.look().directives.values()])
    const about = directive && this.undoable(directive)
    if (!directive || !about) return
    about.message.isActedOn = true
    const path = `/v1/decisions/${directive.decisionId!}/reverse`
    const answer = await api.post(this.me, path, { reasons: reasonsOf('reversed') })
    if (this.isDone(answer)) deeds.push({ deed: 'reversal', answer, decisionId: directive.decisionId! })
  }

  private async hear(): Promise<void> {
    const { api, deeds } = this.stage
    const list = await api.get(this.me, '/v1/appeals?state=open&limit=50')
    const appeal = this.pick(list.body['items'] as { appealId: string }[])
    if (!appeal) return
    const path = `/v1/appeals/${appeal.appealId}`
    if (!this.isDone(await api.post(this.me, `${path}/claim`))) return
    const outcome = this.random() < 0.6 ? 'granted' : 'upheld'
    const answer = await api.post(this.me, `${path}/decision`, { outcome, reasons: reasonsOf('heard') })
    if (this.isDone(answer)) deeds.push({ deed: 'hearing', answer, outcome })
  }
}

/** Owners of accounts: object by the link in what their platform was told, ask how it goes, take some back. */
export class Owner extends Client {
  protected async act(): Promise<void> {
    const { api, deeds, seen } = this.stage
    const directive = this.pick([...seen.look().directives.values()])
    const about = directive && this.undoable(directive)
    if (!directive?.appealUrl || !about) return
    about.message.isActedOn = true
    const token = new URL(directive.appealUrl).searchParams.get('token')
    const answer = await api.post(this.me, '/v1/appeals', { token, text: 'I object.' })
    if (!this.isDone(answer)) return
    const receiptCode = String(answer.body['receiptCode'])
    const opened = deeds.find((one) => one.deed === 'appeal' && one.receiptCode === receiptCode)
    if (!opened) deeds.push({ deed: 'appeal', answer, receiptCode, withdrawn: false })
    if (this.random() > 0.1) return
    const withdrawn = await api.post(this.me, `/v1/appeals/status/${receiptCode}/withdraw`)
    const deed = deeds.find((one) => one.deed === 'appeal' && one.receiptCode === receiptCode)
    if (this.isDone(withdrawn) && deed?.deed === 'appeal') deed.withdrawn = true
  }
}

/** A platform: answers its directives, by Kafka and by REST, in any order, more than once. */
export class Platform extends Client {
  private readonly answeredTo = new Set<string>()

  protected async act(): Promise<void> {
    const { api, deeds, seen, system } = this.stage
    const platformId = this.me.platform!
    const mine = [...seen.look().directives.values()].filter(
      (one) => one.platformId === platformId && !this.answeredTo.has(one.directiveId),
    )
    const directive = this.pick(mine)
    if (!directive) return
    const { directiveId, accountId } = directive
    this.answeredTo.add(directiveId)
    const at = new Date().toISOString()
    const done = { directiveId, status: 'done', at, ownerNotifiedAt: at }
    const acknowledged = { directiveId, status: 'acknowledged', at }
    if (this.random() < 0.5) {
      const value = this.random() < 0.5 ? [acknowledged, done, done] : [done, acknowledged]
      await system.produce(
        `weir.in.${platformId}.receipts.v1`,
        value.map((one) => ({ key: accountId, value: one })),
      )
      deeds.push({ deed: 'receipt', directiveId })
      return
    }
    for (const { directiveId: _id, ...receipt } of [done, acknowledged]) {
      const answer = await api.post(this.me, `/v1/directives/${directiveId}/receipts`, receipt)
      if (!this.isDone(answer)) return
    }
    deeds.push({ deed: 'receipt', directiveId })
  }
}
