import type { CaseEntry, KeyedEntry } from '../ledger/cases/case.js'
import {
  copyKeysOf,
  type CopyReason,
  likeness,
  reasonOf,
  repostKey,
  shinglesOf,
} from '../ledger/cases/copy-keys.rules.js'

/** From here on two texts are nearly identical: of a hundred words, about ten may differ. */
export const NEARLY_IDENTICAL = 0.8
/** Keys that one search asks for: MongoDB merges up to 200 ranges of an index in its order. */
const MAX_KEYS = 150

/** What copies of a case's messages are known by. */
export interface Sought {
  /** Each key, with the texts whose nearly identical ones have it. */
  keys: ReadonlyMap<string, readonly ReadonlySet<number>[]>
  /** The messages themselves: another revision is no copy. */
  messages: ReadonlySet<string>
}

export interface Resemblance {
  why: CopyReason[]
  /** How alike the texts are where that is why, 0 to 1. */
  similarity: number | null
}

/** What to look for: copies of the messages of these entries, of the first ones where they have too many keys. */
export function soughtFor(
  entries: readonly Pick<CaseEntry, 'platformId' | 'accountId' | 'messageId' | 'message'>[],
): Sought {
  const keys = new Map<string, ReadonlySet<number>[]>()
  for (const { platformId, messageId, message } of entries) {
    const own = [repostKey(platformId, messageId), ...copyKeysOf(platformId, message)]
    if (keys.size + own.length > MAX_KEYS) break
    const shingles = shinglesOf(message.text ?? '')
    for (const key of own) {
      const known = keys.get(key) ?? []
      keys.set(key, reasonOf(key) === 'text' ? [...known, shingles] : known)
    }
  }
  return { keys, messages: new Set(entries.map(nameOf)) }
}

/** Why an entry counts as a copy; null where it is none. */
export function resemblanceTo(sought: Sought, candidate: Omit<KeyedEntry, '_id'>): Resemblance | null {
  if (sought.messages.has(nameOf(candidate))) return null
  const shared = (candidate.copyKeys ?? []).filter((key) => sought.keys.has(key))
  const texts = new Set(shared.flatMap((key) => sought.keys.get(key)!))
  const own = texts.size > 0 ? shinglesOf(candidate.message.text ?? '') : null
  const alike = Math.max(0, ...[...texts].map((text) => likeness(text, own!)))
  const why = new Set<CopyReason>(shared.map(reasonOf).filter((reason) => reason !== 'text'))
  if (alike >= NEARLY_IDENTICAL) why.add('text')
  if (why.size === 0) return null
  return {
    why: [...why].sort(),
    similarity: alike >= NEARLY_IDENTICAL ? Math.round(100 * alike) / 100 : null,
  }
}

function nameOf({
  platformId,
  accountId,
  messageId,
}: Pick<KeyedEntry, 'platformId' | 'accountId' | 'messageId'>): string {
  return `${platformId}/${accountId}/${messageId}`
}
