import { codePoints, PLATFORM_OWN_ID } from './fields.js'
import {
  ACCOUNT_KINDS,
  HEX_256,
  LANGUAGE,
  LONGEST_LINK,
  LONGEST_NAME,
  LONGEST_TEXT,
  MEDIA_KINDS,
  MAX_LINKS,
  MAX_MEDIA,
} from './message-in.js'
import type { Repair } from './repair.js'

/** What a wrong value becomes; without `value` it is left out. Undefined where it is right. */
type Mend = (value: unknown) => { readonly what: Repair['what']; readonly value?: unknown } | undefined
type Members = Record<string, unknown>

const DROPPED = { what: 'dropped' } as const
const OWN_ID = new RegExp(PLATFORM_OWN_ID, 'u')
const HEX = new RegExp(HEX_256, 'u')
const LANGUAGE_TAG = new RegExp(LANGUAGE, 'u')

const unless =
  (isRight: (value: unknown) => boolean): Mend =>
  (value) =>
    isRight(value) ? undefined : DROPPED
const matches =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value)
const oneOf =
  (words: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && words.includes(value)
const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const isPercentage = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100
/** A reference that is cut would be another. */
const isReference = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && codePoints(value) <= LONGEST_NAME

const ACCOUNT: Readonly<Record<string, Mend>> = {
  displayName: mendName,
  kind: unless(oneOf(ACCOUNT_KINDS)),
  followers: mendCount,
  verified: unless(isFlag),
  ownerRef: unless(isReference),
}
const MEDIA: Readonly<Record<string, Mend>> = {
  sha256: unless(matches(HEX)),
  pdq: unless(matches(HEX)),
  pdqQuality: unless(isPercentage),
}
const SIDE: Readonly<Record<string, Mend>> = {
  language: mendLanguage,
  repostOf: unless(matches(OWN_ID)),
  audience: mendCount,
  requested: unless(isReference),
}
/** Fields in which 0 says something. */
const COUNTS: ReadonlySet<string> = new Set(['followers', 'audience', 'pdqQuality'])
/** What only the strict check may refuse. */
const REQUIRED = ['messageId', 'accountId', 'visibility', 'sentAt', 'text', 'change']

/** A message in which what the judgement does not rest on is right, and what was done for that. */
export interface RepairedMessage {
  readonly message: Members
  readonly repairs: readonly Repair[]
}

/**
 * Cuts or drops what is wrong of a message and what its judgement does not rest on (SPEC 4.1), and names it. `text` and `links`
 * stay whole, so that they are judged whole: where they are longer than is kept, that is named as `cut`. The value is left as it
 * is; whether the result is a message is for the strict check to say, its text and links aside where they are too long.
 */
export function repairMessage(value: Members): RepairedMessage {
  const repairs: Repair[] = []
  const message = mendMembers(value, SIDE, '', repairs)
  mendAccount(message, repairs)
  mendMedia(message, repairs)
  mendLinks(message, repairs)
  const { text } = message
  if (typeof text === 'string' && isTooLong(text)) repairs.push({ path: '/text', what: 'cut' })
  return { message, repairs }
}

/** Whether a text is longer than is kept of one. */
export function isTooLong(text: string): boolean {
  return text.length > LONGEST_TEXT && codePoints(text) > LONGEST_TEXT
}

/**
 * The message as it was sent, for a topic whose reader repairs it again and comes to the same: known fields only, and in the place
 * of each that was dropped something that is as wrong, says nothing and is no longer.
 */
export function asSent(value: Members, repairs: readonly Repair[]): Members {
  const sent = pick(value, [...REQUIRED, ...Object.keys(SIDE), 'account', 'media', 'links'])
  if (isMembers(sent['account'])) sent['account'] = pick(sent['account'], Object.keys(ACCOUNT))
  if (Array.isArray(sent['media'])) {
    const known = ['mediaId', 'kind', ...Object.keys(MEDIA)]
    sent['media'] = sent['media'].map((item: unknown) => (isMembers(item) ? pick(item, known) : item))
  }
  if (Array.isArray(sent['links'])) sent['links'] = [...(sent['links'] as unknown[])]
  for (const { path, what } of repairs) if (what === 'dropped') putNothing(sent, path.split('/').slice(1))
  return sent
}

function putNothing(sent: Members, steps: readonly string[]): void {
  let node = sent
  for (const step of steps.slice(0, -1)) node = node[step] as Members
  const name = steps.at(-1)!
  node[name] = COUNTS.has(name) ? -1 : 0
}

function pick(members: Members, names: readonly string[]): Members {
  return Object.fromEntries(
    names.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]]])),
  )
}

function mendMembers(
  members: Members,
  mends: Readonly<Record<string, Mend>>,
  at: string,
  repairs: Repair[],
): Members {
  const mended = { ...members }
  for (const name of Object.keys(mends)) {
    if (mended[name] === undefined) continue
    const found = mends[name]!(mended[name])
    if (!found) continue
    repairs.push({ path: `${at}/${name}`, what: found.what })
    if (found.value === undefined) delete mended[name]
    else mended[name] = found.value
  }
  return mended
}

function mendAccount(message: Members, repairs: Repair[]): void {
  const { account } = message
  if (account === undefined) return
  if (isMembers(account)) message['account'] = mendMembers(account, ACCOUNT, '/account', repairs)
  else drop(message, 'account', repairs)
}

function mendMedia(message: Members, repairs: Repair[]): void {
  const { media } = message
  if (media === undefined) return
  if (!Array.isArray(media)) {
    drop(message, 'media', repairs)
    return
  }
  const usable = media.flatMap((item: unknown, i): Members[] => {
    const identified = isMembers(item) ? identifyMedium(item, `/media/${i}`, repairs) : undefined
    if (identified) return [mendMembers(identified, MEDIA, `/media/${i}`, repairs)]
    repairs.push({ path: `/media/${i}`, what: 'dropped' })
    return []
  })
  if (usable.length > MAX_MEDIA) repairs.push({ path: '/media', what: 'cut' })
  putList(message, 'media', usable.slice(0, MAX_MEDIA), media.length)
}

function mendLinks(message: Members, repairs: Repair[]): void {
  const { links } = message
  if (links === undefined) return
  const given = typeof links === 'string' ? [links] : links
  if (!Array.isArray(given)) {
    drop(message, 'links', repairs)
    return
  }
  if (given !== links) repairs.push({ path: '/links', what: 'rewritten' })
  const usable = given.flatMap((link: unknown, i): string[] => {
    const mended = mendLink(link)
    if (mended === link) return [mended as string]
    const path = given === links ? `/links/${i}` : '/links'
    repairs.push({ path, what: mended === undefined ? 'dropped' : 'cut' })
    return mended === undefined ? [] : [mended]
  })
  if (usable.length > MAX_LINKS) repairs.push({ path: '/links', what: 'cut' })
  putList(message, 'links', usable, given.length)
}

/** With a hash a medium of no known kind is a file, and one without an id is told by it: what it is known by must not go with them. */
function identifyMedium(item: Members, at: string, repairs: Repair[]): Members | undefined {
  const known = [item['sha256'], item['pdq']].find(matches(HEX))
  const isRight = { mediaId: matches(OWN_ID)(item['mediaId']), kind: oneOf(MEDIA_KINDS)(item['kind']) }
  if (known === undefined) return isRight.mediaId && isRight.kind ? item : undefined
  const mediaId = isRight.mediaId ? item['mediaId'] : known
  const kind = isRight.kind ? item['kind'] : 'file'
  if (mediaId !== item['mediaId']) repairs.push({ path: `${at}/mediaId`, what: 'rewritten' })
  if (kind !== item['kind']) repairs.push({ path: `${at}/kind`, what: 'rewritten' })
  return { ...item, mediaId, kind }
}

/** A list of which nothing is left is none: a message that had nothing else says nothing. */
function putList(message: Members, name: string, usable: readonly unknown[], given: number): void {
  if (usable.length === 0 && given > 0) delete message[name]
  else message[name] = usable
}

function drop(message: Members, name: string, repairs: Repair[]): void {
  delete message[name]
  repairs.push({ path: `/${name}`, what: 'dropped' })
}

/** Up to the host of a link: scheme and slashes. The host follows, behind a name that may be of any length. */
const BEFORE_HOST = /^\s*(?:[A-Za-z][A-Za-z0-9+.-]{0,30}:)?[\\/]{0,10}/
const END_OF_HOST = /[\\/?#\s]/
/** A host has 253 characters at most; a port and full-width forms have room. */
const LONGEST_HOST = 1_000

/** A link that is too long still tells its host, also where that stands behind a user name of any length. */
function mendLink(link: unknown): string | undefined {
  if (typeof link !== 'string') return undefined
  if (codePoints(link) <= LONGEST_LINK) return link
  const before = BEFORE_HOST.exec(link)?.[0] ?? ''
  const rest = link.slice(before.length)
  const end = rest.search(END_OF_HOST)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const user = authority.lastIndexOf('@')
  const cut = before.length + authority.length <= LONGEST_LINK ? link : undefined
  if (cut !== undefined || user < 0) return cutTo(link, LONGEST_LINK)
  const path = rest.slice(authority.length)
  return cutTo(
    `${before.trimStart().slice(0, 50)}x@${authority.slice(user + 1).slice(0, LONGEST_HOST)}${path}`,
    LONGEST_LINK,
  )
}

function mendName(value: unknown): ReturnType<Mend> {
  if (typeof value !== 'string') return DROPPED
  return codePoints(value) <= LONGEST_NAME ? undefined : { what: 'cut', value: cutTo(value, LONGEST_NAME) }
}

/** A part of a person is cut off: the whole number below says as much. */
function mendCount(value: unknown): ReturnType<Mend> {
  if (typeof value !== 'number' || !(value >= 0)) return DROPPED
  const whole = Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER)
  return whole === value ? undefined : { what: 'cut', value: whole }
}

/** `zh_CN`, as operating systems write it, is `zh-CN`. */
function mendLanguage(value: unknown): ReturnType<Mend> {
  if (typeof value !== 'string') return DROPPED
  if (LANGUAGE_TAG.test(value)) return undefined
  const tag = value.slice(0, 100).trim().replaceAll('_', '-')
  return LANGUAGE_TAG.test(tag) ? { what: 'rewritten', value: tag } : DROPPED
}

/** The first `most` code points. */
function cutTo(text: string, most: number): string {
  return Array.from(text.slice(0, 2 * most))
    .slice(0, most)
    .join('')
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
