import { hash } from 'node:crypto'
import type { MessageIn } from '#libs/contracts/message-in'

/**
 * What is looked at of a text, in UTF-16 units: the work for one message is bounded, and nobody writes five pages only to
 * differ after them.
 */
const LONGEST = 5_000
/** In a shorter text, being alike means nothing. In units of the folded form. */
const SHORTEST = 10
/** Four bands of three minima each: of texts that are alike by 0.8, 19 in 20 share a band; by 0.05, one in 2 000. */
const BANDS = 4
const ROWS = 3
const BINS = BANDS * ROWS
/** Links that a text itself names. */
const MAX_LINKS = 20
/** Below it the authors of PDQ call the hash of an image of no use. */
const LEAST_QUALITY = 50

/** What of a message says whether another one is a copy of it. */
type Copied = Pick<MessageIn, 'text' | 'media' | 'links' | 'repostOf'>

/** Why one message counts as a copy of another. */
export const COPY_REASONS = ['repost', 'media', 'link', 'text'] as const
export type CopyReason = (typeof COPY_REASONS)[number]

/**
 * Under which keys a message is found by its copies: one that shares a key is a repost of the same, has the same media or
 * link, or (to be checked by `likeness`) nearly the same text. The first letter says which: `r`, `m`, `l`, `t`.
 */
export function copyKeysOf(platformId: string, message: Copied): string[] {
  const keys = new Set<string>()
  if (message.repostOf) keys.add(repostKey(platformId, message.repostOf))
  for (const { sha256, pdq, pdqQuality } of message.media ?? []) {
    if (sha256) keys.add(`m${digest(sha256.toLowerCase())}`)
    if (pdq && (pdqQuality ?? 0) >= LEAST_QUALITY) keys.add(`mp${digest(pdq.toLowerCase())}`)
  }
  for (const link of [...(message.links ?? []), ...linksIn(message.text ?? '')]) {
    keys.add(`l${digest(foldLink(link))}`)
  }
  for (const key of textKeys(message.text ?? '')) keys.add(key)
  return [...keys]
}

/** The key of what reposts a message. Message ids are unique within their platform. */
export function repostKey(platformId: string, messageId: string): string {
  return `r${platformId}/${messageId}`
}

/** What it means that two messages share a key. */
export function reasonOf(key: string): CopyReason {
  switch (key[0]) {
    case 'r':
      return 'repost'
    case 'm':
      return 'media'
    case 'l':
      return 'link'
    default:
      return 'text'
  }
}

/**
 * The bands of the MinHash of a text's shingles: texts that share most of their shingles share a band. One permutation
 * hashing (Li, Owen, Zhang, NIPS 2012) with empty bins filled by rotation (Shrivastava, Li, ICML 2014), in place of a hash
 * for each minimum (Broder, 1997); bands as in Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4.
 */
function textKeys(text: string): string[] {
  const minima = new Uint32Array(BINS)
  const filled = new Uint8Array(BINS)
  let any = false
  eachShingle(text, (shingle) => {
    const bin = Math.floor((shingle * BINS) / 2 ** 32)
    if (filled[bin] === 0 || shingle < minima[bin]!) minima[bin] = shingle
    filled[bin] = 1
    any = true
  })
  if (!any) return []
  return Array.from({ length: BANDS }, (_, band) => {
    let key = band
    for (let bin = band * ROWS; bin < (band + 1) * ROWS; bin++) {
      let away = 0
      while (filled[(bin + away) % BINS] === 0) away++
      key = mixed(Math.imul(key, 31) + minima[(bin + away) % BINS]! + away)
    }
    return `t${band}${key.toString(36)}`
  })
}

/** A text as the set of its shingles; empty for one that is too short. */
export function shinglesOf(text: string): ReadonlySet<number> {
  const shingles = new Set<number>()
  eachShingle(text, (shingle) => void shingles.add(shingle))
  return shingles
}

/** How alike two texts are, 0 to 1: the Jaccard index of their shingles. */
export function likeness(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [few, many] = a.size < b.size ? [a, b] : [b, a]
  if (few.size === 0) return 0
  let shared = 0
  for (const shingle of few) if (many.has(shingle)) shared++
  return shared / (a.size + b.size - shared)
}

/** Where the scripts begin that write a word in one or two characters (CJK, kana, hangul). */
const DENSE_SCRIPTS = 0x2e80

/**
 * Hashes of all runs of five letters or digits, of two where a denser script writes: about a word each. Case, width, blanks,
 * punctuation and what cannot be seen do not count.
 */
function eachShingle(text: string, meet: (shingle: number) => void): void {
  const folded = text
    .slice(0, LONGEST)
    .normalize('NFKC')
    // A compatibility form may be eighteen times as long.
    .slice(0, LONGEST)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
  if (folded.length < SHORTEST) return
  for (let start = 0; start < folded.length - 1; start++) {
    const length = folded.charCodeAt(start) >= DENSE_SCRIPTS ? 2 : 5
    if (start + length > folded.length) continue
    let shingle = length
    for (let i = start; i < start + length; i++)
      shingle = Math.imul(shingle ^ folded.charCodeAt(i), 0x01000193)
    meet(mixed(shingle))
  }
}

/** The end of MurmurHash3: every bit of the result depends on every bit given. Unsigned. */
function mixed(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

function linksIn(text: string): string[] {
  if (!text.includes('://')) return []
  const found =
    text.slice(0, LONGEST).match(/https?:\/\/[^\s<>"'，。！？；、（）【】《》「」]{1,2048}/giu) ?? []
  return found.slice(0, MAX_LINKS).map((link) => link.replace(/[.,;:!?)\]}]{1,8}$/u, ''))
}

/** Names of parameters that only say where a reader came from. */
const TRACKING = /^(utm_\w+|fbclid|gclid|spm|share_\w+)$/

/** A link without what does not change where it leads: scheme, `www.`, fragment, last slash, tracking parameters. */
function foldLink(link: string): string {
  const url = URL.parse(link.includes('://') ? link : `https://${link}`)
  if (!url) return link.trim().toLowerCase()
  const parameters = [...url.searchParams].filter(([name]) => !TRACKING.test(name))
  const { pathname } = url
  let end = pathname.length
  while (pathname[end - 1] === '/') end--
  return `${url.host.replace(/^www\./, '')}${pathname.slice(0, end)}?${new URLSearchParams(parameters).toString()}`
}

/** 72 bits in URL-safe base64. */
function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 12)
}
