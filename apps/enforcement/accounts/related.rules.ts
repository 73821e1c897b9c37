import { accountKey } from '#libs/contracts/ids'
import { NEARLY_IDENTICAL } from '../casework/copies.rules.js'
import {
  COPY_REASONS,
  type CopyReason,
  likeness,
  reasonOf,
  repostKey,
  shinglesOf,
} from '../ledger/cases/copy-keys.rules.js'
import type { KeyedEntry } from '../ledger/cases/case.js'

/** Keys that one search asks for: those of the newest messages. */
const MAX_KEYS = 100
/** Of each key the newest entries are looked at; what is shared by more counts as shared by as many. */
export const ENTRIES_OF_KEY = 30

/** How many things an account has in common with another, by sort. */
export type Evidence = Record<CopyReason | 'owner', number>

export interface Related {
  platformId: string
  accountId: string
  score: number
  evidence: Evidence
}

/** The keys by which others are found that have something in common with the account of these entries, the newest first. */
export function keysToShare(own: readonly KeyedEntry[]): string[] {
  const keys = new Set<string>()
  for (const { platformId, messageId, copyKeys = [] } of own) {
    for (const key of [repostKey(platformId, messageId), ...copyKeys]) {
      if (keys.size === MAX_KEYS) return [...keys]
      keys.add(key)
    }
  }
  return [...keys]
}

/**
 * Accounts that have something in common with one, the closest first. What n accounts share counts 1/n, so that the address of a
 * news site says little and a rare one much: resource allocation (Zhou, Lü, Zhang, Eur. Phys. J. B 71, 2009), akin to the inverse
 * document frequency of words. The same owner counts 1, for the platform says so. Ties are in the order of their keys.
 */
export function relatedAccounts(
  account: { platformId: string; accountId: string },
  own: readonly KeyedEntry[],
  sharing: readonly { key: string; entries: readonly KeyedEntry[] }[],
  sameOwner: readonly { platformId: string; accountId: string }[],
): Related[] {
  const self = accountKey(account.platformId, account.accountId)
  const found = new Map<string, Related>()
  const count = (
    { platformId, accountId }: { platformId: string; accountId: string },
    sort: keyof Evidence,
    weight: number,
  ): void => {
    const key = accountKey(platformId, accountId)
    const known = found.get(key) ?? { platformId, accountId, score: 0, evidence: none() }
    known.score += weight
    known.evidence[sort]++
    found.set(key, known)
  }
  for (const { others, sort, of } of [...thingsShared(sharing, self), ...textsShared(own, sharing, self)]) {
    for (const other of others.values()) count(other, sort, 1 / of)
  }
  for (const other of distinct(sameOwner)) {
    if (accountKey(other.platformId, other.accountId) !== self) count(other, 'owner', 1)
  }
  return [...found.values()].map((one) => ({ ...one, score: rounded(one.score) })).sort(closestFirst)
}

/** The order of related accounts. */
export function closestFirst(
  a: Pick<Related, 'score' | 'platformId' | 'accountId'>,
  b: Pick<Related, 'score' | 'platformId' | 'accountId'>,
): number {
  const [one, other] = [accountKey(a.platformId, a.accountId), accountKey(b.platformId, b.accountId)]
  return b.score - a.score || (one < other ? -1 : one > other ? 1 : 0)
}

/** One thing that accounts have in common: which they are, and how many it belongs to. */
interface Shared {
  sort: CopyReason
  others: ReadonlyMap<string, KeyedEntry>
  of: number
}

/** Links, media and reposts, each by a key of its own. */
function thingsShared(
  sharing: readonly { key: string; entries: readonly KeyedEntry[] }[],
  self: string,
): Shared[] {
  return sharing.flatMap(({ key, entries }) => {
    const sort = reasonOf(key)
    return sort === 'text' ? [] : [sharedBy(sort, entries, self, entries.length)]
  })
}

/** Texts: of each of the account's, those who have a nearly identical one. Its own that are so are one. */
function textsShared(
  own: readonly KeyedEntry[],
  sharing: readonly { key: string; entries: readonly KeyedEntry[] }[],
  self: string,
): Shared[] {
  const byKey = new Map(sharing.map(({ key, entries }) => [key, entries]))
  return textsOf(own).map(({ keys, shingles }) => {
    const lists = keys.map((key) => byKey.get(key) ?? [])
    const candidates = new Map(lists.flat().map((entry) => [entry._id, entry]))
    const alike = [...candidates.values()].filter((entry) => isNearly(shingles, shinglesOf(textOf(entry))))
    return sharedBy('text', alike, self, Math.max(0, ...lists.map((list) => list.length)))
  })
}

interface OwnText {
  keys: string[]
  shingles: ReadonlySet<number>
}

function textsOf(own: readonly KeyedEntry[]): OwnText[] {
  const texts: OwnText[] = []
  const byKey = new Map<string, OwnText[]>()
  for (const entry of own) {
    const keys = (entry.copyKeys ?? []).filter((key) => reasonOf(key) === 'text')
    const shingles = shinglesOf(textOf(entry))
    const known = keys.flatMap((key) => byKey.get(key) ?? [])
    if (keys.length === 0 || known.some((text) => isNearly(shingles, text.shingles))) continue
    const text = { keys, shingles }
    texts.push(text)
    for (const key of keys) byKey.set(key, [...(byKey.get(key) ?? []), text])
  }
  return texts
}

function isNearly(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return likeness(a, b) >= NEARLY_IDENTICAL
}

function textOf({ message }: KeyedEntry): string {
  return message.text ?? ''
}

/** `seen` says whether there may be more that were not looked at. */
function sharedBy(sort: CopyReason, entries: readonly KeyedEntry[], self: string, seen: number): Shared {
  const others = new Map(
    entries.map((entry) => [accountKey(entry.platformId, entry.accountId), entry] as const),
  )
  others.delete(self)
  return { sort, others, of: seen >= ENTRIES_OF_KEY ? ENTRIES_OF_KEY : others.size + 1 }
}

function distinct<T extends { platformId: string; accountId: string }>(accounts: readonly T[]): T[] {
  return [...new Map(accounts.map((one) => [accountKey(one.platformId, one.accountId), one])).values()]
}

function none(): Evidence {
  return Object.fromEntries([...COPY_REASONS, 'owner'].map((sort) => [sort, 0])) as Evidence
}

/** To a millionth: what is added in another order is the same. */
function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6
}
