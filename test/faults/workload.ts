import type { KnownText, KnownTexts } from './oracle.js'

/** A record to be sent. */
export interface OutgoingRecord {
  readonly platformId: string
  readonly key: string | null
  readonly value: Buffer
}

/** Stands in every private record and must be found nowhere. */
export const PRIVATE_MARKER = 'Zq7-private-marker-4f1c'

const act = (severity: KnownText['severity']): KnownText => ({ outcome: 'act', severity })
const clear: KnownText = { outcome: 'clear', severity: 1 }

/** Texts whose verdict under the default policy is certain: known phrases, and everyday sentences. */
export const TEXTS: KnownTexts = new Map<string, KnownText>([
  ['You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000', act(2)],
  ['Good news, claim your lottery winnings today: call now to claim your prize', act(2)],
  ['I will kill you and your family tonight', act(3)],
  ['I know where you live and I will kill you', act(3)],
  ['Join our holy war: we recruit fighters for the jihad, contact us on telegram @x', act(4)],
  ['Join ISIS today and become a martyr', { outcome: 'review', severity: 3 }],
  ['The library opens at nine.', clear],
  ['Our bakery has fresh bread today.', clear],
  ['The match was postponed because of rain.', clear],
  ['Bus 12 runs every ten minutes.', clear],
  ['图书馆九点开门。', clear],
])
const textsOf = (outcome: KnownText['outcome'], severity?: number): string[] =>
  [...TEXTS].flatMap(([text, known]) =>
    known.outcome === outcome && (severity === undefined || known.severity === severity) ? [text] : [],
  )
const CLEAR = textsOf('clear')
const REVIEW = textsOf('review')

/** Small and fast numbers in [0, 1) from a seed (mulberry32, public domain), so that a run can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Repeats, edits and deletions are of one of so many records before them. */
const LATELY = 400

interface Offender {
  readonly accountId: string
  readonly severity: 2 | 3 | 4
  readonly followers: number | null
}

/**
 * `count` records of accounts on the given platforms, the same for the same seed: most are clear; about 4 of 100 come from
 * accounts that break a clause, again and again, each with one severity, some with so many or unknown followers that a
 * suspension is held; and private ones, malformed ones, repeats, edits, deletions. The same account ids are on every platform.
 */
export function* workload(
  count: number,
  platforms: readonly string[],
  seed: number,
  sentAt = new Date().toISOString(),
): Generator<OutgoingRecord> {
  const random = randomFrom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const followers = [120, 99_999, 5_000, 100_000, null]
  const offenders: Offender[] = Array.from({ length: Math.max(12, Math.ceil(count / 150)) }, (_, i) => ({
    accountId: `offender-${i}`,
    severity: ([2, 2, 2, 3, 4] as const)[i % 5]!,
    followers: followers[(i * 7) % 11 < 7 ? i % 3 : 3 + (i % 2)]!,
  }))
  const ordinary = Math.max(50, Math.ceil(count / 10))
  const sent: { record: OutgoingRecord; message: Record<string, unknown>; offender?: Offender }[] = []
  for (let i = 0; i < count; i++) {
    const platformId = pick(platforms)
    const kind = random()
    const messageId = `m-${i}`
    const accountId = `account-${below(ordinary)}`
    const said = (changes: Record<string, unknown>): Record<string, unknown> => ({
      messageId,
      accountId,
      visibility: 'public',
      sentAt,
      text: pick(CLEAR),
      account: { displayName: 'Someone', kind: 'individual', followers: 120 },
      ...changes,
    })
    const record = (message: Record<string, unknown>): OutgoingRecord => ({
      platformId,
      key: message['accountId'] as string,
      value: Buffer.from(JSON.stringify(message)),
    })
    const earlier = sent.length > 0 ? sent[Math.max(0, sent.length - 1 - below(LATELY))] : undefined
    if (sent.length > 1_000) sent.splice(0, sent.length - LATELY)
    if (kind < 0.02) {
      yield record(said({ visibility: 'private', text: `${pick(textsOf('act'))} ${PRIVATE_MARKER}` }))
      continue
    }
    if (kind < 0.04) {
      yield { platformId, key: accountId, value: malformed(i, said({})) }
      continue
    }
    if (kind < 0.07 && earlier) {
      yield earlier.record
      continue
    }
    if (kind < 0.1 && earlier) {
      const { offender } = earlier
      const text = offender && random() < 0.7 ? pick(textsOf('act', offender.severity)) : pick(CLEAR)
      const edit = { ...earlier.message, text, change: 'edited' }
      const again = { ...record(edit), platformId: earlier.record.platformId }
      sent.push({ ...earlier, record: again, message: edit })
      yield again
      continue
    }
    if (kind < 0.105 && earlier) {
      const { text: _, ...rest } = earlier.message
      yield { ...record({ ...rest, change: 'deleted' }), platformId: earlier.record.platformId }
      continue
    }
    if (kind < 0.145) {
      const offender = pick(offenders)
      const account = {
        displayName: 'Offender',
        kind: 'individual',
        ...(offender.followers === null ? {} : { followers: offender.followers }),
      }
      const texts = random() < 0.2 ? CLEAR : textsOf('act', offender.severity)
      const message = said({ accountId: offender.accountId, account, text: pick(texts) })
      sent.push({ record: record(message), message, offender })
    } else {
      const message = said(kind < 0.155 ? { text: pick(REVIEW) } : {})
      sent.push({ record: record(message), message })
    }
    yield sent.at(-1)!.record
  }
}

/** Records that end as dead letters, one kind after the other. */
function malformed(i: number, message: Record<string, unknown>): Buffer {
  const json = JSON.stringify(message)
  const deep = JSON.parse(`${'{"a":'.repeat(12)}1${'}'.repeat(12)}`) as object
  const kinds = [
    () => Buffer.from([0xff, 0xfe, 0x41, i & 0xff]),
    () => Buffer.from(json.slice(0, -7)),
    () => Buffer.from(JSON.stringify({ ...message, text: 7 })),
    () => Buffer.from(JSON.stringify({ ...message, deep })),
    () => Buffer.from(JSON.stringify({ messageId: message['messageId'], visibility: 'public' })),
    () => Buffer.from(JSON.stringify({ ...message, accountId: 'not an id' })),
    () => Buffer.alloc(0),
    () => Buffer.from(`[${json}]`),
    () => Buffer.from(json.replace('{', '{"__proto__":{"a":1},')),
    () => Buffer.from(JSON.stringify({ ...message, pad: 'x'.repeat(i % 7 === 0 ? 300_000 : 3), text: 7 })),
  ]
  return kinds[i % kinds.length]!()
}
