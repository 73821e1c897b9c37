/**
 * Recomputes from the input topics alone what Weir must have done, in plain arithmetic of SPEC 4.1 and 4.5. Shares no code
 * with what it judges, so that a mistake there is none here.
 */

/** What a text is known to lead to under the default policy. */
export interface KnownText {
  readonly outcome: 'clear' | 'review' | 'act'
  readonly severity: 1 | 2 | 3 | 4
}
export type KnownTexts = ReadonlyMap<string, KnownText>

/** A record of a platform's input topic, read back from the broker. */
export interface InputRecord {
  readonly platformId: string
  readonly partition: number
  readonly offset: string
  /** The broker's time, milliseconds since 1970. */
  readonly receivedAt: number
  readonly value: Buffer | null
}

export interface Valid {
  readonly platformId: string
  readonly accountId: string
  readonly messageId: string
  /** What tells revisions apart. */
  readonly content: string
  readonly text: string | null
  readonly deleted: boolean
  readonly followers: number | null
  readonly receivedAt: number
  /** Whether the valid record before it, of the same message, had the same content: then it may be dropped. */
  readonly mayBeRepeat: boolean
}

interface ExpectedStrike {
  readonly messageId: string
  readonly at: number
  readonly severity: number
  readonly points: number
}

interface ExpectedAccount {
  readonly platformId: string
  readonly accountId: string
  readonly strikes: ReadonlyMap<string, ExpectedStrike>
  /** Verdicts that are not clear, as `messageId content`. */
  readonly entries: ReadonlySet<string>
  /** Known and below the bound from which a suspension needs a second person. */
  readonly mayBeSuspended: boolean
}

export interface Expected {
  readonly valid: readonly Valid[]
  readonly deadLetters: ReadonlyMap<string, { slug: string; value: Buffer }>
  readonly privates: number
  readonly accounts: ReadonlyMap<string, ExpectedAccount>
  /** `platform account message content` of every verdict that is not clear, with its outcome. */
  readonly verdicts: ReadonlyMap<string, string>
}

const OWN_ID = /^[A-Za-z0-9._:@-]{1,128}$/
const POINTS = [0, 1, 2, 4, 8]
/** Level by sum of points, the highest first. */
const LADDER: readonly (readonly [number, number, string])[] = [
  [16, 4, 'suspend_account'],
  [8, 3, 'suspend_account'],
  [4, 2, 'limit_account'],
  [1, 1, 'warn_account'],
]
/** By the gravest step that was ordered; an account whose strikes count is at least called warned. */
const STATUS = ['active', 'warned', 'limited', 'suspended', 'suspended']
const SECOND_PERSON_FROM = 100_000
export const WEEK = 7 * 86_400_000

/** The place of a record, as dead letters name it. */
export const placeOf = (record: { topic: string; partition: number | string; offset: string }): string =>
  `${record.topic}/${record.partition}/${record.offset}`
export const inputTopic = (platformId: string): string => `weir.in.${platformId}.messages.v1`
export const accountOf = (one: { platformId: string; accountId: string }): string =>
  `${one.platformId}/${one.accountId}`

export type Ending =
  | { readonly kind: 'private' }
  | { readonly kind: 'dead-letter'; readonly slug: string }
  | { readonly kind: 'valid'; readonly message: Record<string, unknown> }

/** How a record of these bytes ends: the checks of SPEC 4.1 in their order. */
export function endingOf(value: Buffer | null): Ending {
  const dead = (slug: string): Ending => ({ kind: 'dead-letter', slug })
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(value ?? Buffer.alloc(0))
  } catch {
    return dead('not-utf8')
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return dead('not-json')
  }
  const message = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>
  if (message['visibility'] === 'private') return { kind: 'private' }
  if ((value?.length ?? 0) > 262_144) return dead('too-large')
  if (depthOf(parsed) > 8) return dead('too-deep')
  if (Array.isArray(parsed) || /"(__proto__|constructor|prototype)"\s*:/.test(text)) return dead('schema')
  return isWellFormed(message) ? { kind: 'valid', message } : dead('schema')
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function isWellFormed(message: Record<string, unknown>): boolean {
  const { messageId, accountId, visibility, sentAt, text, links, media, change } = message
  if (typeof messageId !== 'string' || !OWN_ID.test(messageId)) return false
  if (typeof accountId !== 'string' || !OWN_ID.test(accountId)) return false
  if (visibility !== 'public' || typeof sentAt !== 'string' || Number.isNaN(Date.parse(sentAt))) return false
  if (text !== undefined && (typeof text !== 'string' || text.length > 20_000)) return false
  return change === 'deleted' || text !== undefined || links !== undefined || media !== undefined
}

/** What must be after these records, whatever was killed meanwhile. @throws Error on a text that is not known */
export function expectedOf(records: readonly InputRecord[], texts: KnownTexts): Expected {
  const deadLetters = new Map<string, { slug: string; value: Buffer }>()
  const valid: Valid[] = []
  let privates = 0
  const latest = new Map<string, string>()
  for (const record of [...records].sort(byPlace)) {
    const { platformId, partition, offset, receivedAt } = record
    const ending = endingOf(record.value)
    if (ending.kind === 'private') privates += 1
    if (ending.kind === 'dead-letter') {
      const place = placeOf({ topic: inputTopic(platformId), partition, offset })
      deadLetters.set(place, { slug: ending.slug, value: record.value ?? Buffer.alloc(0) })
    }
    if (ending.kind !== 'valid') continue
    const said = saidBy(ending.message)
    const message = `${partition}/${platformId}/${said.accountId}/${said.messageId}`
    valid.push({ ...said, platformId, receivedAt, mayBeRepeat: latest.get(message) === said.content })
    latest.set(message, said.content)
  }
  return { valid, deadLetters, privates, ...consequences(valid, texts) }
}

function byPlace(a: InputRecord, b: InputRecord): number {
  return (
    a.platformId.localeCompare(b.platformId) ||
    a.partition - b.partition ||
    Number(a.offset) - Number(b.offset)
  )
}

type Said = Pick<Valid, 'accountId' | 'messageId' | 'content' | 'text' | 'deleted' | 'followers'>

/** What a message says, as it comes in or as it is passed on. */
export function saidBy(message: Record<string, unknown>): Said {
  const text = (message['text'] as string | undefined) ?? null
  const deleted = message['change'] === 'deleted'
  const account = message['account'] as { followers?: number } | undefined
  return {
    accountId: message['accountId'] as string,
    messageId: message['messageId'] as string,
    content: JSON.stringify([text, message['links'] ?? [], deleted]),
    text,
    deleted,
    followers: account?.followers ?? null,
  }
}

function consequences(valid: readonly Valid[], texts: KnownTexts): Pick<Expected, 'accounts' | 'verdicts'> {
  const verdicts = new Map<string, string>()
  const accounts = new Map<
    string,
    ExpectedAccount & { strikes: Map<string, ExpectedStrike>; entries: Set<string> }
  >()
  const reach = new Map<string, number>()
  for (const one of [...valid].sort((a, b) => a.receivedAt - b.receivedAt)) {
    if (one.deleted) continue
    const known = one.text === null ? undefined : texts.get(one.text)
    if (!known) throw new Error(`The oracle does not know the text of ${one.messageId}.`)
    if (known.outcome === 'clear') continue
    const key = accountOf(one)
    verdicts.set(`${key} ${one.messageId} ${one.content}`, known.outcome)
    if (one.followers !== null) reach.set(key, Math.max(reach.get(key) ?? 0, one.followers))
    const { platformId, accountId, messageId } = one
    const before = accounts.get(key)
    const strikes = before?.strikes ?? new Map<string, ExpectedStrike>()
    const entries = before?.entries ?? new Set<string>()
    entries.add(`${messageId} ${one.content}`)
    if (known.outcome === 'act' && !strikes.has(messageId)) {
      const { severity } = known
      strikes.set(messageId, { messageId, at: one.receivedAt, severity, points: POINTS[severity]! })
    }
    const mayBeSuspended = (reach.get(key) ?? Infinity) < SECOND_PERSON_FROM
    accounts.set(key, { platformId, accountId, strikes, entries, mayBeSuspended })
  }
  return { verdicts, accounts }
}

/** Points, level, status and the ladder's steps of strikes in the order given. */
export function standingAfter(
  strikes: readonly { points: number; at: number }[],
  mayBeSuspended: boolean,
): { points: number; level: number; status: string; steps: { kind: string; at: number }[]; held: number } {
  let points = 0
  let level = 0
  let ordered = 0
  let held = 0
  const steps: { kind: string; at: number }[] = []
  for (const strike of strikes) {
    points += strike.points
    const rung = LADDER.find(([least]) => points >= least)
    if (!rung || rung[1] <= level) continue
    level = rung[1]
    if (rung[2] === 'suspend_account' && !mayBeSuspended) held += 1
    else {
      steps.push({ kind: rung[2], at: strike.at })
      ordered = level
    }
  }
  return { points, level, status: STATUS[Math.max(ordered, Math.min(level, 1))]!, steps, held }
}
