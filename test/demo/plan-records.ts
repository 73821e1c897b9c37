import { numberFrom } from '../../apps/classification/training/seeded.js'
import type { MessageIn } from '#libs/contracts/message-in'
import { type LabelledText, type Language, LANGUAGES } from './labelled-text.js'
import { malformedRecords } from './malformed-records.js'
import type { PlannedAccount } from './plan-accounts.js'

/** A message before it has its time of sending. */
export type UnsentMessage = Omit<MessageIn, 'sentAt'>

interface Said {
  readonly ending: 'accepted'
  readonly message: UnsentMessage
  readonly labelled: LabelledText
}
interface Hidden {
  readonly ending: 'private'
  readonly message: UnsentMessage
}
/** The bytes of an earlier record again. */
interface Repeated<T> {
  readonly ending: 'repeat'
  readonly of: T
}
interface Broken {
  readonly ending: 'dead-lettered'
  readonly slug: string
  readonly bytes: Buffer
}
interface Place {
  readonly platformId: string
  readonly key: string
}

/** One record of an input topic, and how it has to end; a repeat names the number of what it repeats. */
export type PlannedRecord = Place & { readonly number: number } & (Said | Hidden | Repeated<number> | Broken)
/** `at` puts drafts in order. */
type SaidDraft = Place & Said & { readonly at: number }
type Draft = Place & { readonly at: number } & (Said | Hidden | Repeated<SaidDraft> | Broken)

export interface Texts {
  readonly harmful: readonly LabelledText[]
  readonly harmless: readonly LabelledText[]
}

const REPEATS = 120
const PRIVATE = 80
const MALFORMED_OF_EACH_KIND = 4
/** Harmless messages of each language that are edited: into another harmless text, a harmful one, two harmful ones in turn. */
const EDITED = { harmless: 10, once: 10, twice: 10 }
/** Few offenders post most of it: the weight of the n-th is n to this power. */
const ZIPF = -0.8

/**
 * All records in the order of sending, the same ones for the same seed. First comes an ordinary message of each platform; an
 * edit comes after what it edits, a repeat after what it repeats.
 */
export function planRecords(
  texts: Texts,
  accounts: readonly PlannedAccount[],
  seed: number,
): PlannedRecord[] {
  const next = numberFrom(seed)
  const later = (than: number): number => than + (1 - than) * next()
  const shuffled = <T>(items: readonly T[]): T[] => sortedBy(items, () => next())
  const harmful = shuffled(texts.harmful)
  const harmless = shuffled(texts.harmless)
  const drafts: Draft[] = []
  const repeatable: SaidDraft[] = []

  for (const language of LANGUAGES) {
    const authors = accounts.filter((account) => account.language === language)
    const offenders = authors.filter((account) => account.offends)
    const bad = harmful.filter((text) => text.language === language)
    const good = harmless.filter((text) => text.language === language)
    const edits = [
      ...taken(good, EDITED.harmless, 1),
      ...taken(bad, EDITED.once, 1),
      ...taken(bad, EDITED.twice, 2),
    ]
    const ordinary = good.map((labelled, i) => {
      const account = authors[i % authors.length]!
      return said(labelled, account, `${language}-o-${i + 1}`, next())
    })
    const offences = bad.map((labelled, i) =>
      said(labelled, drawn(offenders, next), `${language}-x-${i + 1}`, next()),
    )
    const changed = edits.flatMap((chain, i) => {
      const before = ordinary[ordinary.length - 1 - i]!
      let at = before.at
      return chain.map((labelled) => {
        at = later(at)
        return edited(before, labelled, at)
      })
    })
    drafts.push(...ordinary, ...offences, ...changed)
    repeatable.push(...ordinary.slice(0, ordinary.length - edits.length), ...offences)
  }

  for (const of of shuffled(repeatable).slice(0, REPEATS)) {
    drafts.push({ ending: 'repeat', platformId: of.platformId, key: of.key, of, at: later(of.at) })
  }
  const anyone = (): PlannedAccount => accounts[Math.floor(next() * accounts.length)]!
  for (let i = 0; i < PRIVATE; i++) {
    drafts.push(hidden(texts.harmful[i % texts.harmful.length]!, anyone(), `private-${i + 1}`, next()))
  }
  for (let i = 0; i < MALFORMED_OF_EACH_KIND; i++) {
    for (const { slug, bytes } of malformedRecords(i + 1)) {
      const { platformId, accountId: key } = anyone()
      drafts.push({ ending: 'dead-lettered', platformId, key, slug, bytes, at: next() })
    }
  }
  return numbered(withOpening(drafts))
}

/** Takes `count` chains of `length` texts off the end of a list. */
function taken(from: LabelledText[], count: number, length: number): LabelledText[][] {
  return Array.from({ length: count }, () => from.splice(-length, length))
}

function drawn(offenders: readonly PlannedAccount[], next: () => number): PlannedAccount {
  const weights = offenders.map((_, i) => (i + 1) ** ZIPF)
  let rest = next() * weights.reduce((sum, weight) => sum + weight, 0)
  return offenders[weights.findIndex((weight) => (rest -= weight) < 0)] ?? offenders[0]!
}

function said(labelled: LabelledText, account: PlannedAccount, messageId: string, at: number): SaidDraft {
  const { platformId, accountId: key } = account
  const message = messageOf(labelled.text, labelled.language, account, messageId)
  return { ending: 'accepted', platformId, key, message, labelled, at }
}

function edited(before: SaidDraft, labelled: LabelledText, at: number): SaidDraft {
  return { ...before, labelled, at, message: { ...before.message, text: labelled.text, change: 'edited' } }
}

function hidden(labelled: LabelledText, account: PlannedAccount, messageId: string, at: number): Draft {
  const { platformId, accountId: key } = account
  const message = messageOf(labelled.text, labelled.language, account, messageId)
  return { ending: 'private', platformId, key, message: { ...message, visibility: 'private' }, at }
}

function messageOf(
  text: string,
  language: Language,
  { accountId, profile }: PlannedAccount,
  messageId: string,
): UnsentMessage {
  return { messageId, accountId, visibility: 'public', text, language, account: profile }
}

/** Puts one message of each platform before all others. */
function withOpening(drafts: readonly Draft[]): Draft[] {
  const first = new Map<string, Draft>()
  for (const draft of sortedBy(drafts, ({ at }) => at)) {
    if (draft.ending === 'accepted' && !first.has(draft.platformId)) first.set(draft.platformId, draft)
  }
  const opening = new Set(first.values())
  return [...opening, ...sortedBy(drafts, ({ at }) => at).filter((draft) => !opening.has(draft))]
}

function numbered(drafts: readonly Draft[]): PlannedRecord[] {
  const numberOf = new Map(drafts.map((draft, number) => [draft, number]))
  return drafts.map(({ at: _, ...rest }, number) =>
    rest.ending === 'repeat' ? { ...rest, number, of: numberOf.get(rest.of)! } : { ...rest, number },
  )
}

function sortedBy<T>(items: readonly T[], by: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, key: by(item) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
