import type { Bilingual } from '#libs/contracts/directive'
import type { Signal } from '#libs/contracts/verdict'
import type { Findings, ShownDirective } from './findings.js'
import type { WeirApi } from './weir-api.js'

interface AccountAnswer {
  readonly status: string
  readonly level: number
  readonly points: number
  readonly strikes: readonly {
    readonly strikeId: string
    readonly messageId: string
    readonly clause: string
    readonly severity: number
    readonly points: number
    readonly at: string
    readonly expiresAt: string
  }[]
  readonly account: { readonly displayName?: string | null; readonly followers?: number | null }
}

interface StatementAnswer {
  readonly statementOfReasonsId: string
  readonly ground: {
    readonly clause: string
    readonly title: Bilingual | null
    readonly text: Bilingual | null
  }
  readonly reasons: Bilingual
  readonly automatedDetection: boolean
  readonly automatedDecision: string
  readonly redress: { readonly appealUntil: string }
}

/** A message that was acted on, the words that told, and what followed for it. */
export interface StoryMessage {
  readonly messageId: string
  readonly sentAt: string
  readonly excerpt: string
  readonly category: string
  readonly score: number
  readonly evidence: readonly {
    readonly detector: string
    readonly id: string
    readonly score: number
    readonly words: readonly string[]
  }[]
  readonly strike: {
    readonly clause: string
    readonly severity: number
    readonly points: number
    readonly expiresAt: string
  } | null
}

/** A directive and what became of it. */
export interface StoryMeasure {
  readonly kind: string
  readonly messageIds: readonly string[]
  readonly issuedAt: string
  readonly until: string | null
  readonly acknowledgedAt: string | null
  readonly doneAt: string | null
  readonly ownerNotifiedAt: string | null
}

/** What became of one account, in full. */
export interface Story {
  readonly platformId: string
  readonly accountId: string
  readonly displayName: string
  readonly followers: number | null
  readonly status: string
  readonly level: number
  readonly points: number
  readonly harmless: number
  readonly messages: readonly StoryMessage[]
  readonly measures: readonly StoryMeasure[]
  readonly statement: StatementAnswer
  readonly mail: { readonly to: string; readonly subject: string; readonly text: string } | null
  readonly webhook: { readonly type: string; readonly deliveryId: string } | null
}

const EXCERPT = 160
/** More strikes than these make a long story. */
const STRIKES = 4

/** Tells of the account that came furthest with few strikes; null where nobody has one. @throws ApiError */
export async function tellStory(findings: Findings, api: WeirApi): Promise<Story | null> {
  const chosen = chooseAccount(findings)
  if (!chosen) return null
  const { platformId, accountId } = chosen
  const ofAccount = (one: { platformId?: string; accountId?: string }): boolean =>
    one.platformId === platformId && one.accountId === accountId
  const account = await api.call<AccountAnswer>(
    'enforcement',
    'auditor',
    'GET',
    `/v1/accounts/${platformId}/${accountId}`,
  )
  const directives = findings.directives.filter(ofAccount).toSorted((a, b) => a.accountSeq - b.accountSeq)
  const gravest =
    directives.findLast(({ kind }) => /^(suspend|limit|warn)_account$/.test(kind)) ?? directives.at(-1)!
  const statement = await api.call<StatementAnswer>(
    'enforcement',
    'auditor',
    'GET',
    `/v1/statements-of-reasons/${gravest.statementOfReasonsId}`,
  )
  const webhook = findings.webhooks.find(({ data }) => data.directiveId === gravest.directiveId) ?? null
  const noticeId = webhook?.data.noticeId
  const mail = findings.mails.find((one) => one.noticeId === noticeId) ?? null
  return {
    platformId,
    accountId,
    displayName: account.account.displayName ?? '',
    followers: account.account.followers ?? null,
    status: account.status,
    level: account.level,
    points: account.points,
    harmless: findings.accepted.filter(ofAccount).length - findings.verdicts.filter(ofAccount).length,
    messages: messagesOf(findings.verdicts.filter(ofAccount), account.strikes),
    measures: directives.map(measureOf),
    statement,
    mail: mail && { to: mail.to, subject: mail.subject, text: mail.text },
    webhook: webhook && { type: webhook.type, deliveryId: webhook.deliveryId },
  }
}

/** The highest level, then the fewest strikes; fraud before others, since its words can be read by anybody. */
function chooseAccount({ accounts, events, verdicts }: Findings) {
  const strikesOf = new Map<string, Set<string>>()
  for (const { kind, platformId, accountId, strikeId } of events) {
    if (kind !== 'strike.added') continue
    const key = `${platformId}/${accountId}`
    strikesOf.set(key, (strikesOf.get(key) ?? new Set()).add(strikeId!))
  }
  const fraudulent = new Set(
    verdicts
      .filter(({ categories }) => categories.some((one) => one.category === 'fraud' && one.outcome === 'act'))
      .map(({ platformId, accountId }) => `${platformId}/${accountId}`),
  )
  const ranked = accounts
    .map((account) => ({ account, key: `${account.platformId}/${account.accountId}` }))
    .map(({ account, key }) => ({
      account,
      strikes: strikesOf.get(key)?.size ?? 0,
      fraud: fraudulent.has(key) ? 1 : 0,
    }))
    .filter(({ strikes }) => strikes > 0)
    .sort(
      (a, b) =>
        Number(a.strikes > STRIKES) - Number(b.strikes > STRIKES) ||
        b.account.level - a.account.level ||
        b.fraud - a.fraud ||
        a.strikes - b.strikes,
    )
  return ranked[0]?.account
}

function messagesOf(verdicts: Findings['verdicts'], strikes: AccountAnswer['strikes']): StoryMessage[] {
  const acted = verdicts.filter(({ outcome }) => outcome === 'act')
  return [...new Map(acted.map((verdict) => [verdict.verdictId, verdict])).values()]
    .sort((a, b) => Date.parse(a.receivedAt) - Date.parse(b.receivedAt))
    .map(({ messageId, message, categories }) => {
      const category = categories.find(({ outcome }) => outcome === 'act')!
      const text = message.text ?? ''
      const strike = strikes.find((one) => one.messageId === messageId)
      return {
        messageId,
        sentAt: message.sentAt,
        excerpt: excerptOf(text, category.signals),
        category: category.category,
        score: category.score,
        evidence: category.signals.map(({ detector, id, score, spans }) => ({
          detector,
          id,
          score,
          words: spans.map(([from, to]) => text.slice(from, to)),
        })),
        strike: strike
          ? {
              clause: strike.clause,
              severity: strike.severity,
              points: strike.points,
              expiresAt: strike.expiresAt,
            }
          : null,
      }
    })
}

/** The text with its evidence in brackets, cut where it is long. */
function excerptOf(text: string, signals: readonly Signal[]): string {
  const marked = new Array<boolean>(text.length).fill(false)
  for (const [from, to] of signals.flatMap(({ spans }) => spans)) marked.fill(true, from, to)
  const short = [...text].slice(0, EXCERPT).join('')
  let excerpt = ''
  for (let i = 0; i < short.length; i++) {
    if (marked[i] && !marked[i - 1]) excerpt += '⟦'
    excerpt += short[i]
    if (marked[i] && (!marked[i + 1] || i === short.length - 1)) excerpt += '⟧'
  }
  return excerpt.replace(/\s+/g, ' ') + (short.length < text.length ? '…' : '')
}

function measureOf({ kind, messageIds, issuedAt, until, receipts }: ShownDirective): StoryMeasure {
  const receipt = (status: string) => receipts.find((one) => one.status === status)
  return {
    kind,
    messageIds,
    issuedAt,
    until: until ?? null,
    acknowledgedAt: receipt('acknowledged')?.at ?? null,
    doneAt: receipt('done')?.at ?? null,
    ownerNotifiedAt: receipt('done')?.ownerNotifiedAt ?? null,
  }
}
