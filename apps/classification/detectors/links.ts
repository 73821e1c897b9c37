import { domainToUnicode } from 'node:url'
import { parse } from 'tldts'
import type { LinkEntry as BankLinkEntry } from '#libs/policy/banks/bank-entries'
import { KIND, Kind } from '#libs/text/fold-table'
import { foldCharacters, originalSpan, type NormalisedText } from '#libs/text/normalise'
import { type DetectorSignal, MAX_SPANS, type Standing } from './signal.js'

/** A link found in a text, or given beside it. Host and rest are in folded form: small letters, plain width. */
export interface Link {
  host: string
  /** The registrable domain (Public Suffix List), absent for an IP address. */
  domain?: string
  /** From the path on; empty when there is none. */
  rest: string
  ip: boolean
  /** A user name stands before the host: what looks like the host is not. */
  credentials: boolean
  /** Written so that software would not see a link: `hxxp`, `[.]`, ` dot `, `。com`, spaced. */
  obfuscated: boolean
  /** Letters of two scripts in one label, or a label of look-alikes only. */
  mixedScript: boolean
  /** In UTF-16 units of the text; absent for one that was given beside the text. */
  span?: [number, number]
}

/** One line of a link bank, as it is found. */
export interface LinkEntry extends Omit<BankLinkEntry, 'act'> {
  /** What acting may rest on it; without, on it alone. */
  standing?: Standing
}

/** Limits of DNS (RFC 1035, 2.3.4), and a bound on the work for one link. */
const LONGEST_LABEL = 63
const MAX_LABELS = 10
const LONGEST_REST = 2048
const LONGEST_USER = 64

/** Endings that people write out or space apart, and that are not words after a missing blank. */
const SPOKEN = new Set(
  'com net org cn cc top vip xyz info io club site online shop app ru tv biz live link icu fun pro work hk tw me'.split(
    ' ',
  ),
)
/** Endings that, without scheme or path, are more often a word after a full stop or the name of a file. */
const AMBIGUOUS = new Set(
  'in is it so to at me no my be us as do am zip md sh py rs mov pl ps cat how'.split(' '),
)

const CONTACT_HOSTS = new Map([
  ['t.me', 'contact/telegram'],
  ['telegram.me', 'contact/telegram'],
  ['wa.me', 'contact/whatsapp'],
  ['chat.whatsapp.com', 'contact/whatsapp'],
  ['api.whatsapp.com', 'contact/whatsapp'],
  ['u.wechat.com', 'contact/wechat'],
  ['qm.qq.com', 'contact/qq'],
  ['jq.qq.com', 'contact/qq'],
  ['line.me', 'contact/line'],
])

const unitOf = (char: string): number => char.charCodeAt(0)
const [DOT, STOP, COLON, SLASH, AT, MINUS, BLANK] = [...'.。:/@- '].map(unitOf) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]
const BRACKETS = new Map([...'[(（{<'].map((open, i) => [unitOf(open), unitOf('])）}>'[i] ?? '')]))
const ENDS_REST = new Set([...' "\'<>，。！？；：、（）【】《》「」“”|'].map(unitOf))
const TRAILING = new Set([...'.,;:!?)]}*_'].map(unitOf))

/** Finds the links of a text, also hidden ones. Never backtracks: linear in the length of the text. */
export function findLinks(text: string): Link[] {
  if (!mayHoldLink(text)) return []
  return scanLinks(foldCharacters(text))
}

/** The links of a folded text, at most so many. Looks at each of its units a bounded number of times, whatever it holds. */
export function scanLinks(folded: NormalisedText, most = Infinity): Link[] {
  return new Scan(folded, most).links
}

/** Reads a link that a message gives beside its text; undefined where there is no host in it. */
export function readLink(url: string): Link | undefined {
  if (!mayHoldLink(url)) return undefined
  const [link] = scanLinks(foldCharacters(url), 1)
  return link ? { ...link, span: undefined } : undefined
}

/** A look at the dots and slashes, as most texts hold none that could be of a link. */
function mayHoldLink(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit === DOT || unit === 0xff0e) {
      // The dot of a sentence has a word before it and a blank after.
      if (!isBlank(text.charCodeAt(i + 1)) || isBlank(text.charCodeAt(i - 1))) return true
    } else if (unit === STOP || unit === 0xff61 || unit === 0x70b9 || unit === 0x9ede) {
      const next = text.charCodeAt(i + 1)
      if (isBlank(text.charCodeAt(i - 1)) || !(isBlank(next) || KIND[next] === Kind.han)) return true
    } else if (unit === SLASH || unit === 0xff0f) {
      const next = text.charCodeAt(i + 1)
      if (next === SLASH || next === 0xff0f) return true
    } else if ((unit | 0x20) === 0x6f && (text.charCodeAt(i + 1) | 0x20) === 0x74) {
      if (
        (text.charCodeAt(i - 1) | 0x20) === 0x64 &&
        !isWord(text.charCodeAt(i - 2)) &&
        !isWord(text.charCodeAt(i + 2))
      ) {
        return true
      }
    }
  }
  return false
}

/** Also the end of the text, where there is no unit. */
const isBlank = (unit: number): boolean => !(unit > 0x20) || unit === 0x3000
const isWord = (unit: number): boolean => (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a

class Scan {
  readonly links: Link[] = []
  readonly #codes: Uint16Array

  constructor(
    readonly folded: NormalisedText,
    most: number,
  ) {
    this.#codes = folded.codes
    let at = 0
    while (at < this.#codes.length && this.links.length < most) at = this.#next(at)
  }

  /** Looks for a link that begins with the label at `at`; returns where to go on. */
  #next(at: number): number {
    if (!this.#isHostUnit(at, false)) {
      if (this.#unit(at) !== SLASH || this.#unit(at - 1) !== SLASH) return at + 1
      const after = at + 1
      // Straight after a scheme a host may be in any script, or a bare number.
      if (!this.#scheme(after)) return after
      return this.#host(after, true) ?? after
    }
    const end = this.#host(at, false)
    if (end !== undefined) return end
    let skip = at
    while (this.#isHostUnit(skip, false)) skip += 1
    return skip
  }

  #host(start: number, afterScheme: boolean): number | undefined {
    const from = afterScheme ? this.#afterUser(start) : start
    const anyScript = afterScheme && !this.#isHostUnit(from, false)
    const labels: [start: number, end: number][] = []
    let hidden = false
    let end = from
    let plain: { labels: number; end: number } | undefined
    for (let at = from; labels.length < MAX_LABELS;) {
      const labelEnd = this.#label(at, anyScript)
      if (labelEnd === at) break
      const dot = this.#dot(labelEnd)
      // A word, as most are.
      if (dot === 0 && labels.length === 0 && !afterScheme) return undefined
      labels.push([at, labelEnd])
      end = labelEnd
      if (dot === 0) break
      if (dot > 1 || this.#unit(labelEnd) !== DOT) {
        // What comes before the first odd dot may be a link by itself.
        if (!hidden) plain = { labels: labels.length, end }
        hidden = true
      }
      at = labelEnd + dot
    }
    const found =
      this.#accept(labels, from, end, afterScheme, hidden, start) ??
      (plain && this.#accept(labels.slice(0, plain.labels), from, plain.end, afterScheme, false, start))
    return found
  }

  #accept(
    bounds: readonly (readonly [start: number, end: number])[],
    from: number,
    end: number,
    afterScheme: boolean,
    hidden: boolean,
    start: number,
  ): number | undefined {
    const [lastStart, lastEnd] = bounds.at(-1) ?? [end, end]
    const last = this.#slice(lastStart, lastEnd)
    const number = bounds.length === 1 && afterScheme && /^(\d{8,10}|0x[0-9a-f]{8})$/.test(last)
    if (bounds.length < 2 && !number) return undefined
    if (hidden && !SPOKEN.has(last)) return undefined
    // An address of e-mail is no link.
    if (!afterScheme && this.#unit(from - 1) === AT) return undefined
    if (!number && !mayEnd(last, bounds.length)) return undefined
    const labels = bounds.map(([labelStart, labelEnd]) => this.#slice(labelStart, labelEnd))
    const host = labels.join('.')
    const { domain, isIcann, isIp } = parse(host, HOST_ONLY)
    const ip = number || isIp === true
    const bare = !afterScheme && !this.#restBegins(end)
    if (ip ? bare : !isIcann || !domain || (bare && labels.length === 2 && AMBIGUOUS.has(last) && !hidden)) {
      return undefined
    }
    // Only now, and the search goes on behind it: of many that are none, each would be followed to its end.
    const rest = this.#rest(end)
    const scheme = afterScheme ? this.#scheme(start) : undefined
    this.links.push({
      host,
      ...(ip ? {} : { domain: domain ?? host }),
      rest: this.#slice(end, rest),
      ip,
      credentials: from !== start,
      obfuscated: hidden || scheme?.hidden === true,
      mixedScript: labels.some(mixesScripts),
      span: originalSpan(this.folded, scheme ? scheme.start : from, rest),
    })
    return rest
  }

  #unit(at: number): number {
    return this.#codes[at] ?? 0
  }

  #slice(start: number, end: number): string {
    let text = ''
    for (let at = start; at < end; at += 1) text += String.fromCharCode(this.#unit(at))
    return text
  }

  #isHostUnit(at: number, anyScript: boolean): boolean {
    const unit = this.#unit(at)
    const kind = KIND[unit] as number
    if (kind === Kind.letter || kind === Kind.han) return anyScript
    return kind >= Kind.digit || unit === MINUS
  }

  #label(at: number, anyScript: boolean): number {
    let end = at
    while (end - at <= LONGEST_LABEL && this.#isHostUnit(end, anyScript)) end += 1
    return end - at > LONGEST_LABEL || this.#unit(at) === MINUS ? at : end
  }

  /** Length of what stands for a dot between two labels; 0 when nothing does. */
  #dot(at: number): number {
    const unit = this.#unit(at)
    if (unit === DOT) return this.#isHostUnit(at + 1, true) ? 1 : this.#spacedDot(at)
    if (unit === STOP || unit === 0x70b9) return this.#isHostUnit(at + 1, false) ? 1 : 0
    if (unit === BLANK) {
      if (this.#isWordDot(at + 1) && this.#unit(at + 4) === BLANK) return 5
      return this.#unit(at + 1) === DOT || this.#unit(at + 1) === STOP ? this.#spacedDot(at) : 0
    }
    const close = BRACKETS.get(unit)
    if (close === undefined) return 0
    if ((this.#unit(at + 1) === DOT || this.#unit(at + 1) === STOP) && this.#unit(at + 2) === close) return 3
    return this.#isWordDot(at + 1) && this.#unit(at + 4) === close ? 5 : 0
  }

  /** ` . `, ` .` or `. `: only before one of the endings that people write so, unless it is blank on both sides. */
  #spacedDot(at: number): number {
    let end = at
    const before = this.#unit(end) === BLANK
    if (before) end += 1
    end += 1
    const after = this.#unit(end) === BLANK
    if (after) end += 1
    const labelEnd = this.#label(end, false)
    if (labelEnd === end || (!before && !after)) return 0
    if (before && after) return end - at
    return before && SPOKEN.has(this.#slice(end, labelEnd)) ? end - at : 0
  }

  #isWordDot(at: number): boolean {
    return this.#unit(at) === 0x64 && this.#unit(at + 1) === 0x6f && this.#unit(at + 2) === 0x74
  }

  /** The scheme that ends just before `end`, after its two slashes. */
  #scheme(end: number): { start: number; hidden: boolean } | undefined {
    const before = this.#slice(Math.max(0, end - 10), end)
    const match = /(?:^|[^a-z])(?:(https?|ftp)(:|\[:\])|(h(?:xx|\*\*|tx|xt)ps?)(?::|\[:\]))\/\/$/.exec(before)
    if (!match) return undefined
    const length = (match[1] ?? match[3] ?? '').length + (before.endsWith(']//') ? 5 : 3)
    return { start: end - length, hidden: match[3] !== undefined || match[2] === '[:]' }
  }

  /** Past `user:password@`, if that stands here. */
  #afterUser(start: number): number {
    for (let at = start; at < start + LONGEST_USER; at += 1) {
      const unit = this.#unit(at)
      if (unit === AT) return at + 1
      if (unit === 0 || unit === SLASH || unit === BLANK) return start
    }
    return start
  }

  /** Whether a port, path, query or fragment follows a host. */
  #restBegins(hostEnd: number): boolean {
    const unit = this.#unit(hostEnd)
    if (unit === COLON) return KIND[this.#unit(hostEnd + 1)] === Kind.digit
    return unit === SLASH || unit === 0x3f || unit === 0x23
  }

  /** Where port, path, query and fragment that follow a host end. */
  #rest(hostEnd: number): number {
    let at = hostEnd
    if (this.#unit(at) === COLON && KIND[this.#unit(at + 1)] === Kind.digit) {
      at += 1
      while (at < hostEnd + 6 && KIND[this.#unit(at)] === Kind.digit) at += 1
    }
    const unit = this.#unit(at)
    if (unit !== SLASH && unit !== 0x3f && unit !== 0x23) return at
    const first = at
    while (at < this.#codes.length && at - first < LONGEST_REST) {
      const next = this.#unit(at)
      if (ENDS_REST.has(next) || KIND[next] === Kind.han) break
      at += 1
    }
    while (at > first + 1 && TRAILING.has(this.#unit(at - 1))) at -= 1
    return at
  }
}

const HOST_ONLY = { extractHostname: false, validateHostname: false }
const MAX_ENDINGS = 10_000
const endings = new Map<string, boolean>()

/** Whether a host of so many labels can end in this one: a look that spares most words with dots the search for their suffix. */
function mayEnd(last: string, labels: number): boolean {
  if (KIND[last.charCodeAt(0)] === Kind.digit && /^\d+$/.test(last)) return labels === 4
  let known = endings.get(last)
  if (known === undefined) {
    known = parse(`a.${last}`, HOST_ONLY).isIcann === true
    if (endings.size >= MAX_ENDINGS) endings.clear()
    endings.set(last, known)
  }
  return known
}

function mixesScripts(label: string): boolean {
  const shown = label.startsWith('xn--') ? domainToUnicode(label) : label
  let [latin, alike, own] = [0, 0, 0]
  for (let i = 0; i < shown.length; i += 1) {
    const kind = KIND[shown.charCodeAt(i)]
    if (kind === Kind.latin) latin += 1
    else if (kind === Kind.lookAlike) alike += 1
    else if (kind === Kind.letter) own += 1
  }
  return alike > 0 && (latin > 0 || own === 0)
}

/** Judges links by a bank, and by what they are made of. */
export class Links {
  readonly #byHost = new Map<string, { rest: string; entry: LinkEntry }[]>()

  constructor(entries: readonly LinkEntry[]) {
    for (const entry of entries) {
      const pattern = entry.pattern.toLowerCase().replace(/^[a-z]+:\/\//, '')
      const slash = pattern.indexOf('/')
      const host = slash < 0 ? pattern : pattern.slice(0, slash)
      const lines = this.#byHost.get(host) ?? []
      lines.push({ rest: slash < 0 ? '' : pattern.slice(slash), entry })
      this.#byHost.set(host, lines)
    }
  }

  /**
   * One signal per id and standing, with the spans of the links in the text that earned it; ordered by id. An entry that has expired on
   * `today` (RFC 3339 date) counts no more.
   */
  match(text: string, given: readonly string[] = [], today = ''): DetectorSignal[] {
    const links = findLinks(text)
    for (const url of given) {
      const link = readLink(url)
      if (link) links.push(link)
    }
    if (links.length === 0) return []
    const signals = new Map<string, DetectorSignal>()
    for (const link of links) {
      for (const { id, score, standing } of this.#findings(link, today)) {
        const key = `${standing ?? ''} ${id}`
        const signal = signals.get(key) ?? {
          detector: 'links',
          id,
          score,
          spans: [],
          ...(standing ? { standing } : {}),
        }
        signal.score = Math.max(signal.score, score)
        if (link.span && signal.spans.length < MAX_SPANS) signal.spans.push(link.span)
        signals.set(key, signal)
      }
    }
    return [...signals.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  #findings(link: Link, today: string): { id: string; score: number; standing?: Standing }[] {
    const found: { id: string; score: number; standing?: Standing }[] = []
    if (link.ip) found.push({ id: 'link/raw-ip', score: 0.6 })
    if (link.credentials) found.push({ id: 'link/credentials', score: 0.8 })
    if (link.obfuscated) found.push({ id: 'link/obfuscated', score: 0.5 })
    if (link.mixedScript) found.push({ id: 'link/mixed-script-host', score: 0.8 })
    const contact = CONTACT_HOSTS.get(link.host)
    if (contact && link.rest.length > 1) found.push({ id: contact, score: 0.4 })
    for (let host = link.host; host !== ''; host = host.slice(host.indexOf('.') + 1)) {
      for (const { rest, entry } of this.#byHost.get(host) ?? []) {
        const isOver = entry.expires !== undefined && entry.expires < today
        if (!isOver && beginsWith(link.rest, rest)) found.push(entry)
      }
      if (!host.includes('.')) break
    }
    return found
  }
}

/** Whether a path begins with a prefix, at the end of a part of it. */
function beginsWith(rest: string, prefix: string): boolean {
  if (!rest.startsWith(prefix)) return false
  const next = rest[prefix.length]
  return prefix === '' || prefix.endsWith('/') || next === undefined || '/?#&='.includes(next)
}
