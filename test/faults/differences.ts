import { createHash } from 'node:crypto'
import { accountOf, type Expected, placeOf, saidBy, standingAfter, type Valid, WEEK } from './oracle.js'

/** A record of one of Weir's topics, read from outside. */
export interface SeenRecord {
  readonly topic: string
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

export interface SeenAccount {
  readonly platformId: string
  readonly accountId: string
  readonly status: string
  readonly level: number
  readonly points: number
  readonly strikes: readonly {
    strikeId: string
    messageId: string
    severity: number
    points: number
    at: string
    reversedAt: string | null
  }[]
  readonly held: readonly unknown[]
}

/** All that can be seen from outside, and of collections what no interface shows. */
export interface Observed {
  /** Everything on every topic but the input, as often as it is there. */
  readonly records: readonly SeenRecord[]
  /** By `GET /v1/accounts/…` of every account that the database has. */
  readonly accounts: readonly SeenAccount[]
  /** By `GET /v1/directives`. */
  readonly directives: readonly {
    platformId: string
    directiveId: string
    statementOfReasonsId: string | null
  }[]
  readonly entries: readonly {
    verdictId: string
    caseId: string | null
    accountId: string
    messageId: string
  }[]
  readonly statements: readonly { statementId: string; directiveId: string }[]
  readonly notices: readonly { noticeId: string }[]
  readonly deliveries: readonly { noticeId: string; channel: string; address: string | null }[]
  readonly audit: readonly SeenAuditRecord[]
  /** Before the topics were read, by the clock of the machine. Directives become overdue while the rest is looked at. */
  readonly topicsReadAt: number
}

/** A record of the audit log. */
export interface SeenAuditRecord {
  readonly entryId: string
  readonly kind: string
  readonly loggedAt: string
  readonly shard: string
  readonly seq: number
  readonly prevHash: string
  readonly hash: string
}

/**
 * `lost`: it must be and is not. `duplicate`: one effect under two ids, or two contents under one id. `unseen`: published, and
 * not taken up by whom it was for. `invented`: it is, without a cause in the input. `wrong`: it is, but not as it must be.
 */
export type Kind = 'lost' | 'duplicate' | 'unseen' | 'invented' | 'wrong'
export interface Difference {
  readonly kind: Kind
  readonly what: string
}

/** Where each platform's notices go, as `channel address`; a webhook has no address. */
export type Channels = Readonly<Record<string, readonly string[]>>

/** Everything in which what is differs from what must be; empty when the promises were kept. */
export function differences(expected: Expected, observed: Observed, channels: Channels): Difference[] {
  const found: Difference[] = []
  const report = (kind: Kind, what: string): void => void found.push({ kind, what })
  const seen = byTopic(observed.records)
  compareEndings(expected, observed.records, seen, report)
  compareJudged(observed.records, seen, report)
  compareBytes(observed.records, report)
  const verdictIds = compareVerdicts(expected, seen, report)
  compareEntries(verdictIds, observed, seen, report)
  compareAccounts(expected, observed, seen, report)
  compareDirectives(observed, seen, report)
  compareNotices(observed, seen, channels, report)
  compareAudit(observed, seen, report)
  return found
}

type Report = (kind: Kind, what: string) => void
type Json = Record<string, unknown>
interface Parsed {
  readonly json: Json
  readonly headers: SeenRecord['headers']
  readonly topic: string
}
type Seen = (topic: string) => Parsed[]

function byTopic(records: readonly SeenRecord[]): Seen {
  const groups = new Map<string, Parsed[]>()
  for (const { topic, value, headers } of records) {
    if (topic === 'weir.dead-letters.v1' || topic === MESSAGES) continue
    const name = topic.startsWith('weir.out.') ? 'directives' : topic
    const group = groups.get(name) ?? []
    group.push({ json: parse(value), headers, topic })
    groups.set(name, group)
  }
  // Dead letters are bytes, and read where they are compared.
  groups.set(
    'dead',
    records
      .filter(({ topic }) => topic === 'weir.dead-letters.v1')
      .map(({ headers, value, topic }) => ({ json: { value: value ?? Buffer.alloc(0) }, headers, topic })),
  )
  return (topic) => groups.get(topic) ?? []
}

const MESSAGES = 'weir.messages.v1'
const parse = (value: Buffer | null): Json => JSON.parse(value?.toString() ?? 'null') as Json

/** Every record ends as exactly one of accepted, refused as private, dropped as a repeat, dead-lettered. */
function compareEndings(
  expected: Expected,
  records: readonly SeenRecord[],
  seen: Seen,
  report: Report,
): void {
  const dead = new Set<string>()
  for (const { headers, json } of seen('dead')) {
    const topic = headers['weir-topic']!
    const place = placeOf({ topic, partition: headers['weir-partition']!, offset: headers['weir-offset']! })
    const must = expected.deadLetters.get(place)
    if (!must) report('invented', `dead letter of ${place}: ${headers['weir-reason']}`)
    else if (must.slug !== headers['weir-reason'])
      report('wrong', `dead letter of ${place}: ${headers['weir-reason']} is to be ${must.slug}`)
    else if (!must.value.equals(json['value'] as Buffer))
      report('wrong', `bytes of the dead letter of ${place}`)
    dead.add(place)
  }
  for (const place of expected.deadLetters.keys())
    if (!dead.has(place)) report('lost', `dead letter of ${place}`)

  const passKey = (one: Pick<Valid, 'platformId' | 'accountId' | 'messageId' | 'content' | 'receivedAt'>) =>
    `${accountOf(one)} ${one.messageId} ${one.content} ${one.receivedAt}`
  const accepted = new Set<string>()
  // By far the most records: none is kept parsed.
  for (const { topic, value } of records) {
    if (topic !== MESSAGES) continue
    const json = parse(value)
    const receivedAt = Date.parse(json['receivedAt'] as string)
    accepted.add(passKey({ ...saidBy(json), platformId: json['platformId'] as string, receivedAt }))
  }
  const must = new Set(expected.valid.map(passKey))
  for (const one of expected.valid)
    if (!accepted.has(passKey(one)) && !one.mayBeRepeat) report('lost', `message ${passKey(one)}`)
  for (const key of accepted) if (!must.has(key)) report('invented', `message ${key}`)
}

function compareBytes(records: readonly SeenRecord[], report: Report): void {
  for (const ofTopic of Map.groupBy(records, (one) => one.topic).values())
    for (const [id, contents] of contentsById(ofTopic))
      if (contents.size > 1) report('duplicate', `${contents.size} contents under ${id}`)
}

/**
 * The contents, as digests, that there are under each id of each topic; of verdicts, for each message that was judged. One id
 * stands for all that say the same (SPEC 4.2): a repeat, which was received later, or an edit back to what it was.
 */
export function contentsById(records: readonly SeenRecord[]): Map<string, Set<string>> {
  const contents = new Map<string, Set<string>>()
  for (const { topic, headers, value } of records) {
    if (topic === 'weir.dead-letters.v1') continue
    const text = value?.toString() ?? ''
    let id = `${topic} ${headers['ce_id']}`
    if (topic === 'weir.verdicts.v1') {
      id += ` ${JSON.stringify((JSON.parse(text) as Json)['message'])}`
    }
    contents.set(id, (contents.get(id) ?? new Set()).add(digestOf(text)))
  }
  return contents
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

/** A verdict is on a message that was passed on, every field as it was. */
function compareJudged(records: readonly SeenRecord[], seen: Seen, report: Report): void {
  const passedOn = new Set(
    records
      .filter(({ topic }) => topic === MESSAGES)
      .map(({ value }) => digestOf(JSON.stringify(parse(value)))),
  )
  for (const { json } of seen('weir.verdicts.v1'))
    if (!passedOn.has(digestOf(JSON.stringify(json['message']))))
      report('invented', `message in the verdict ${String(json['verdictId'])}`)
}

/** One verdict id for each revision that is not clear. Returns the ids by account and message. */
function compareVerdicts(expected: Expected, seen: Seen, report: Report): Map<string, string> {
  const ids = new Map<string, Set<string>>()
  const owners = new Map<string, string>()
  for (const { json } of seen('weir.verdicts.v1')) {
    const platformId = json['platformId'] as string
    const said = saidBy(json['message'] as Json)
    const key = `${accountOf({ ...said, platformId })} ${said.messageId} ${said.content}`
    const outcome = expected.verdicts.get(key)
    if (outcome === undefined) report('invented', `verdict on ${key}`)
    else if (outcome !== json['outcome']) report('wrong', `verdict on ${key}: ${String(json['outcome'])}`)
    ids.set(key, (ids.get(key) ?? new Set()).add(json['verdictId'] as string))
    owners.set(json['verdictId'] as string, `${accountOf({ ...said, platformId })} ${said.messageId}`)
  }
  for (const key of expected.verdicts.keys()) {
    const count = ids.get(key)?.size ?? 0
    if (count === 0) report('lost', `verdict on ${key}`)
    if (count > 1) report('duplicate', `${count} verdict ids for ${key}`)
  }
  return owners
}

/** Every verdict that is not clear is in exactly one case. */
function compareEntries(
  verdictIds: Map<string, string>,
  observed: Observed,
  seen: Seen,
  report: Report,
): void {
  const entries = countBy(
    observed.entries.filter((entry) => entry.caseId !== null).map((one) => one.verdictId),
  )
  const told = idsBy(seen('weir.events.v1'), 'case.entry_added', 'verdictId')
  for (const verdictId of verdictIds.keys()) {
    const count = entries.get(verdictId) ?? 0
    if (count === 0) report('unseen', `verdict ${verdictId} is in no case`)
    if (count > 1) report('duplicate', `verdict ${verdictId} is in ${count} cases`)
    exactlyOne(told.get(verdictId), `event of the entry of ${verdictId}`, report)
  }
  for (const { verdictId } of observed.entries)
    if (!verdictIds.has(verdictId)) report('invented', `case entry of ${verdictId}`)
}

function compareAccounts(expected: Expected, observed: Observed, seen: Seen, report: Report): void {
  const accounts = new Map(observed.accounts.map((account) => [accountOf(account), account]))
  for (const key of accounts.keys()) if (!expected.accounts.has(key)) report('invented', `account ${key}`)
  const told = idsBy(seen('weir.events.v1'), 'strike.added', 'strikeId')
  const ordered = Map.groupBy(
    distinct(seen('directives')).map(({ json, topic }) => ({ ...json, platformId: topic.split('.')[2]! })),
    (json) => accountOf(json as { platformId: string; accountId: string }),
  )
  for (const [key, must] of expected.accounts) {
    const account = accounts.get(key)
    if (!account) {
      report('lost', `account ${key}`)
      continue
    }
    const counts = countBy(account.strikes.map((strike) => strike.messageId))
    for (const [messageId, strike] of must.strikes) {
      exactlyOneOf(counts.get(messageId), `strike for ${key} ${messageId}`, report)
      const found = account.strikes.find((one) => one.messageId === messageId)
      if (!found) continue
      const { severity, points, at } = found
      if (severity !== strike.severity || points !== strike.points || Date.parse(at) !== strike.at)
        report(
          'wrong',
          `strike for ${key} ${messageId}: ${severity}, ${points}, ${at}; must be ${strike.severity}, ${strike.points}, ${new Date(strike.at).toISOString()}`,
        )
      exactlyOne(told.get(found.strikeId), `event of strike ${found.strikeId}`, report)
    }
    for (const messageId of counts.keys())
      if (!must.strikes.has(messageId)) report('invented', `strike for ${key} ${messageId}`)
    const walk = [...account.strikes]
      .map((strike) => ({ ...strike, at: Date.parse(strike.at) }))
      .sort((a, b) => a.at - b.at || (a.strikeId < b.strikeId ? -1 : 1))
    const standing = standingAfter(walk, must.mayBeSuspended)
    const is = `${account.status}, level ${account.level}, ${account.points} points, ${account.held.length} held`
    const be = `${standing.status}, level ${standing.level}, ${standing.points} points, ${standing.held} held`
    if (is !== be) report('wrong', `${key} is ${is}; must be ${be}`)
    compareOrders(key, ordered.get(key) ?? [], [...must.strikes.keys()], standing.steps, report)
  }
  for (const key of ordered.keys())
    if (!expected.accounts.has(key)) report('invented', `directives for ${key}`)
}

/** One removal for each message that was acted on; one directive for each step of the ladder; nothing else. */
function compareOrders(
  key: string,
  orders: readonly Json[],
  messageIds: readonly string[],
  steps: readonly { kind: string; at: number }[],
  report: Report,
): void {
  const until = (at: number): string => new Date(at + WEEK).toISOString()
  const lasting = (kind: string): boolean => kind !== 'warn_account'
  const must = countBy([
    ...messageIds.map((messageId) => `remove_message ${messageId}`),
    ...steps.map(({ kind, at }) => `${kind} ${lasting(kind) ? until(at) : ''}`),
  ])
  const is = countBy(
    orders.map((order) => {
      const kind = order['kind'] as string
      if (kind === 'remove_message') return `${kind} ${(order['messageIds'] as string[]).join()}`
      return `${kind} ${(order['until'] as string | null) ?? ''}`
    }),
  )
  for (const [what, count] of must) {
    const found = is.get(what) ?? 0
    if (found < count) report('lost', `${key}: ${what}`)
    if (found > count) report('duplicate', `${key}: ${found} of ${what}`)
  }
  for (const what of is.keys()) if (!must.has(what)) report('invented', `${key}: ${what}`)
  const sequence = orders.map((order) => order['accountSeq'] as number).sort((a, b) => a - b)
  if (sequence.some((seq, i) => seq !== i + 1)) report('wrong', `${key}: accountSeq ${sequence.join()}`)
}

/** What is in the database is on the topic and the other way round; one statement each, told of once. */
function compareDirectives(observed: Observed, seen: Seen, report: Report): void {
  const published = new Set(distinct(seen('directives')).map(({ json }) => json['directiveId'] as string))
  const kept = countBy(observed.directives.map((one) => one.directiveId))
  const own = new Map(observed.directives.map((one) => [one.directiveId, one.statementOfReasonsId]))
  // A decision that joins a directive has a further statement of its own.
  const statements = countBy(observed.statements.map(({ statementId }) => statementId))
  const told = idsBy(seen('weir.events.v1'), 'directive.issued', 'directiveId')
  const statementTold = idsBy(seen('weir.events.v1'), 'statement.issued', 'statementOfReasonsId')
  for (const id of kept.keys())
    if (!published.has(id)) report('lost', `directive ${id} left the database never`)
  for (const id of published) {
    exactlyOneOf(kept.get(id), `directive ${id} in the interface`, report)
    exactlyOneOf(statements.get(own.get(id) ?? ''), `statement of ${id}`, report)
    exactlyOne(told.get(id), `event of directive ${id}`, report)
  }
  for (const { statementId, directiveId } of observed.statements) {
    if (!published.has(directiveId)) report('invented', `statement of ${directiveId}`)
    exactlyOne(statementTold.get(statementId), `event of the statement of ${directiveId}`, report)
  }
}

/** One notice for each directive; one delivery for each notice, channel and address. */
function compareNotices(observed: Observed, seen: Seen, channels: Channels, report: Report): void {
  const notices = distinct(seen('weir.notices.v1')).map(({ json }) => json)
  const ordering = notices.filter(({ template }) => template !== 'measure-joined')
  const byDirective = Map.groupBy(ordering, (notice) => (notice['data'] as Json)['directiveId'] as string)
  for (const { directiveId } of observed.directives)
    exactlyOneOf(byDirective.get(directiveId)?.length, `notice of ${directiveId}`, report)
  const kept = new Set(observed.notices.map((notice) => notice.noticeId))
  const deliveries = Map.groupBy(observed.deliveries, (delivery) => delivery.noticeId)
  for (const notice of notices) {
    const noticeId = notice['noticeId'] as string
    if (!kept.has(noticeId)) report('unseen', `notice ${noticeId}`)
    const platformId = (notice['addressee'] as Json)['platformId'] as string
    const sent = countBy(
      (deliveries.get(noticeId) ?? []).map(({ channel, address }) => `${channel} ${address ?? ''}`.trim()),
    )
    for (const channel of channels[platformId] ?? [])
      exactlyOneOf(sent.get(channel), `delivery of ${noticeId} by ${channel}`, report)
    for (const channel of sent.keys())
      if (!channels[platformId]?.includes(channel))
        report('invented', `delivery of ${noticeId} by ${channel}`)
  }
}

/** An event is published within so many milliseconds of its audit entry. */
const PUBLISHED_WITHIN = 5_000

/** One audit entry for each event, and none besides but views of evidence; no gap in a chain, and no fork. */
function compareAudit({ audit, topicsReadAt }: Observed, seen: Seen, report: Report): void {
  const events = new Set(distinct(seen('weir.events.v1')).map(({ json }) => json['eventId'] as string))
  const entries = countBy(audit.map(({ entryId }) => entryId))
  for (const eventId of events) exactlyOneOf(entries.get(eventId), `audit entry of ${eventId}`, report)
  for (const { entryId, kind, loggedAt } of audit) {
    const isOnTopic = Date.parse(loggedAt) < topicsReadAt - PUBLISHED_WITHIN
    if (isOnTopic && !events.has(entryId) && kind !== 'evidence.viewed')
      report('invented', `audit entry of ${entryId}, ${kind}, logged at ${loggedAt}`)
  }
  for (const [shard, records] of Map.groupBy(audit, (one) => one.shard)) {
    const chain = records.toSorted((a, b) => a.seq - b.seq)
    for (const [place, { seq, prevHash }] of chain.entries()) {
      if (seq !== place) report('wrong', `audit shard ${shard} has record ${seq} in place ${place}`)
      const before = chain[place - 1]
      if (before && before.hash !== prevHash) report('wrong', `audit shard ${shard} is broken at ${seq}`)
    }
  }
}

/** One record of each id. */
function distinct<T extends { headers: SeenRecord['headers'] }>(records: readonly T[]): T[] {
  return [...new Map(records.map((record) => [record.headers['ce_id'], record])).values()]
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** The distinct ids of events of a kind, by what they are about. */
function idsBy(events: ReturnType<Seen>, kind: string, field: string): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>()
  for (const { json } of events) {
    if (json['kind'] !== kind) continue
    const about = json[field] as string
    ids.set(about, (ids.get(about) ?? new Set()).add(json['eventId'] as string))
  }
  return ids
}

function exactlyOne(ids: ReadonlySet<string> | undefined, what: string, report: Report): void {
  exactlyOneOf(ids?.size, what, report)
}

function exactlyOneOf(count: number | undefined, what: string, report: Report): void {
  if (!count) report('lost', what)
  else if (count > 1) report('duplicate', `${count} times: ${what}`)
}

/** How many of each kind, and some of each: what a failed test shows. */
export function summaryOf(found: readonly Difference[]): string {
  const kinds = Map.groupBy(found, (one) => one.kind)
  return [...kinds]
    .map(([kind, ofKind]) => [
      `${kind}: ${ofKind.length}`,
      ...ofKind.slice(0, 5).map(({ what }) => `  ${what}`),
    ])
    .flat()
    .join('\n')
}
