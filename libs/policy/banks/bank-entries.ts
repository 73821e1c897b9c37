import { parseDocument } from 'yaml'
import { codePoints } from '#libs/contracts/fields'
import { normalise } from '#libs/text/normalise'

/** What a bank can hold. */
export const BANK_KINDS = ['words', 'links', 'claims', 'hashes', 'names'] as const
export type BankKind = (typeof BANK_KINDS)[number]

/** What every entry may say. */
interface Common {
  /** Tells the entry from all others of its bank; absent in the files of the first start. */
  entryId?: string
  /** Whether it lets the rules act, once two people approved of it; without, it only leads to review. */
  act: boolean
  /** RFC 3339 date: from the day after, the entry counts no more. */
  expires?: string
}

/** What an entry is found for. */
interface Weighed extends Common {
  /** Of the signal; entries of one id are ways of saying one thing. Begins with the category. */
  id: string
  category: string
  /** 0 to 1. */
  score: number
}

/** One term of a word bank. */
export interface WordEntry extends Weighed {
  /** Compared in normalised form. */
  term: string
  /**
   * Whether the term must not go on into a longer word: by default, at an end that is a letter or digit of a script that
   * parts words by blanks. A short one in Han characters must not stand across others.
   */
  wholeWord?: boolean
  /** The phrase by itself is the harm, so that rules may act on it without a second sign. */
  unambiguous?: boolean
  /** One of these must stand near it, or it does not count. */
  context?: string[]
  /** Within one of these it does not count. */
  exceptions?: string[]
}

/** One line of a link bank: `example.com` also stands for what is below it, `example.com/path` for what begins so. */
export interface LinkEntry extends Weighed {
  pattern: string
}

/** A claim that was found false, and what to tell people of it. */
export interface ClaimEntry extends Common {
  id: string
  claim: Record<string, string>
  finding: Record<string, string>
  /** Where the finding can be read. */
  source: string
  expires: string
  /** Ways of putting it: parts parted by `…` that follow each other, not far apart. */
  variants: string[]
}

/** A file that is known, by its digest. */
export interface HashEntry extends Weighed {
  /** SHA-256, in small hexadecimal digits. */
  sha256: string
}

/** Whom a protected name stands for. */
export const NAME_HOLDERS = ['authority', 'medium', 'firm'] as const

/** A name that nobody else may pass for. It leads people to look, and acts on nobody. */
export interface NameEntry extends Common {
  id: string
  name: string
  holder: (typeof NAME_HOLDERS)[number]
  /** Accounts that bear it rightly, as `platform/account`. */
  accounts?: string[]
}

/** A bank as detectors read it. */
export type Bank =
  | { kind: 'words'; entries: WordEntry[] }
  | { kind: 'links'; entries: LinkEntry[] }
  | { kind: 'claims'; entries: ClaimEntry[] }
  | { kind: 'hashes'; entries: HashEntry[] }
  | { kind: 'names'; entries: NameEntry[] }

/** An entry as it is written: its `terms` stand for several entries that share the rest. */
export type WrittenEntry = Readonly<Record<string, unknown>>

/** What is wrong with a bank, and where: `entries[3].score`. */
export interface BankError {
  path: string
  message: string
}

/** What a link looks like, whatever it leads to: `link/shortener`. */
const HOW_LINKS_LOOK = 'link'
/**
 * What signals of detectors begin with that speak of no harm. An entry that gave one could make every message look like a report, or
 * lend every phrase its second sign.
 */
const NO_CATEGORIES = ['contact', 'context', HOW_LINKS_LOOK]

/** Longest texts in code points, and most items of lists. */
const LONGEST = { term: 200, pattern: 500, variant: 500, sentence: 2_000, category: 60, id: 120 }
const MOST = { terms: 200, variants: 200, context: 50, exceptions: 50, accounts: 50 }
/** RFC 3339, full-date. */
const DATE = /^\d{4}-\d{2}-\d{2}$/
const SHA256 = /^[0-9a-f]{64}$/
const ACCOUNT = /^[a-z0-9-]{1,60}\/[A-Za-z0-9._:@-]{1,128}$/
const ID = /^[a-z0-9][a-z0-9_-]*(\/[a-z0-9][a-z0-9_-]*)*$/

/**
 * Reads a bank written as YAML (`kind`, `entries`); `terms` in an entry stands for several spellings of one id. Whatever is wrong
 * is told with its place, all of it; the entries that are right come all the same.
 */
export function parseBank(yaml: string): { bank: Bank | undefined; errors: BankError[] } {
  const { root, errors: noYaml } = parsed(yaml)
  if (noYaml.length > 0) return { bank: undefined, errors: noYaml }
  const { bank, errors } = readBank(root)
  return { bank, errors: bank?.kind === 'claims' ? [...errors, ...twice(bank.entries)] : errors }
}

/** The entries of a bank as they are written in YAML, not read yet. */
export function writtenBank(yaml: string): {
  kind: BankKind | undefined
  entries: WrittenEntry[]
  errors: BankError[]
} {
  const { root } = parsed(yaml)
  const { kind, entries } = isRecord(root) ? root : {}
  return {
    kind: isBankKind(kind) ? kind : undefined,
    entries: Array.isArray(entries) ? (entries as unknown[]).filter(isRecord) : [],
    errors: parseBank(yaml).errors,
  }
}

function parsed(yaml: string): { root: unknown; errors: BankError[] } {
  const document = parseDocument(yaml)
  if (document.errors.length > 0) {
    const errors = document.errors.map((e) => ({ path: '', message: e.message.split('\n')[0] ?? '' }))
    return { root: undefined, errors }
  }
  try {
    return { root: document.toJS({ maxAliasCount: 0 }) as unknown, errors: [] }
  } catch {
    return { root: undefined, errors: [{ path: '', message: 'A bank must not use aliases.' }] }
  }
}

/** The same of what was published: claims of one id, as two versions can bring them together for a moment, are no error. */
export function readBank(document: unknown): { bank: Bank | undefined; errors: BankError[] } {
  if (!isRecord(document))
    return { bank: undefined, errors: [{ path: '', message: 'A bank is a map with kind and entries.' }] }
  const { kind, entries } = document
  if (!Array.isArray(entries))
    return { bank: undefined, errors: [{ path: 'entries', message: 'Must be a list.' }] }
  if (!isBankKind(kind))
    return { bank: undefined, errors: [{ path: 'kind', message: `Must be ${BANK_KINDS.join(', ')}.` }] }
  const read = (entries as unknown[]).map((entry, i) => readEntry(kind, entry, `entries[${i}]`))
  const good = read.flatMap((one): Bank['entries'][number][] => one.entries)
  return { bank: { kind, entries: good } as Bank, errors: read.flatMap((one) => one.errors) }
}

/** Reads one written entry: the entries that it stands for, none where anything is wrong with it. */
export function readEntry(
  kind: BankKind,
  written: unknown,
  path = '',
): { entries: Bank['entries']; errors: BankError[] } {
  if (!isRecord(written)) return { entries: [], errors: [{ path, message: 'Must be a map.' }] }
  const fields = new Fields(written, path)
  const entries = READERS[kind](fields)
  fields.refuseOthers()
  return { entries: fields.errors.length === 0 ? entries : [], errors: fields.errors }
}

export function isBankKind(kind: unknown): kind is BankKind {
  return (BANK_KINDS as readonly unknown[]).includes(kind)
}

function twice(claims: readonly ClaimEntry[]): BankError[] {
  const known = new Set<string>()
  return claims.flatMap(({ id }) => {
    const isKnown = known.has(id)
    known.add(id)
    return isKnown ? [{ path: 'entries', message: `${id} stands here twice.` }] : []
  })
}

const READERS: Readonly<Record<BankKind, (fields: Fields) => Bank['entries']>> = {
  words: readWords,
  links: readLinks,
  claims: readClaims,
  hashes: readHashes,
  names: readNames,
}

function readWords(fields: Fields): WordEntry[] {
  const shared = {
    ...fields.weighed(),
    ...fields.maybeFlag('wholeWord'),
    ...fields.maybeFlag('unambiguous'),
    ...fields.maybeTexts('context', LONGEST.term, MOST.context),
    ...fields.maybeTexts('exceptions', LONGEST.term, MOST.exceptions),
  }
  const terms = fields.has('terms')
    ? fields.texts('terms', LONGEST.term, MOST.terms)
    : [fields.text('term', LONGEST.term)]
  if (shared.unambiguous === true && !shared.act) fields.fail('unambiguous', 'Is for entries that may act.')
  fields.mustCompare(fields.has('terms') ? 'terms' : 'term', terms)
  fields.mustCompare('context', shared.context ?? [])
  fields.mustCompare('exceptions', shared.exceptions ?? [])
  return terms.map((term) => ({ ...shared, term }))
}

function readLinks(fields: Fields): LinkEntry[] {
  const pattern = fields.text('pattern', LONGEST.pattern)
  if (pattern !== '' && !/^[^\s/]+\.[^\s/]+(\/\S*)?$/.test(pattern.replace(/^[a-z]+:\/\//i, ''))) {
    fields.fail('pattern', 'Must be a host, with or without a path.')
  }
  return [{ ...fields.weighed(HOW_LINKS_LOOK), pattern }]
}

function readClaims(fields: Fields): ClaimEntry[] {
  const source = fields.text('source', LONGEST.pattern)
  if (source !== '' && !URL.canParse(source)) fields.fail('source', 'Must be a URL.')
  const variants = fields.texts('variants', LONGEST.variant, MOST.variants)
  fields.mustCompare(
    'variants',
    variants.flatMap((variant) => variant.split('…')),
  )
  const { expires, ...common } = fields.common()
  if (expires === undefined) fields.fail('expires', 'Must be a date, as 2027-12-31.')
  return [
    {
      ...common,
      id: fields.id(),
      claim: fields.translations('claim'),
      finding: fields.translations('finding'),
      source,
      expires: expires ?? '',
      variants,
    },
  ]
}

function readHashes(fields: Fields): HashEntry[] {
  const sha256 = fields.text('sha256', 64)
  if (sha256 !== '' && !SHA256.test(sha256)) fields.fail('sha256', 'Must be 64 small hexadecimal digits.')
  return [{ ...fields.weighed(), sha256 }]
}

function readNames(fields: Fields): NameEntry[] {
  const { act, ...common } = fields.common()
  if (act) fields.fail('act', 'A name leads people to look; it acts on nobody.')
  const name = fields.text('name', LONGEST.term)
  fields.mustCompare('name', name === '' ? [] : [name])
  const holder = fields.text('holder', LONGEST.category) as NameEntry['holder']
  if (!NAME_HOLDERS.includes(holder)) fields.fail('holder', `Must be ${NAME_HOLDERS.join(', ')}.`)
  const accounts = fields.maybeTexts('accounts', LONGEST.term, MOST.accounts)
  if (accounts.accounts?.some((account) => !ACCOUNT.test(account)))
    fields.fail('accounts', 'Must be accounts, each as platform/account.')
  return [{ ...common, act, id: fields.id(), name, holder, ...accounts }]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the fields of one entry, and remembers what was wrong and what was asked for. */
class Fields {
  readonly errors: BankError[] = []
  readonly #asked = new Set<string>()

  constructor(
    readonly values: Record<string, unknown>,
    readonly path: string,
  ) {}

  fail(field: string, message: string): void {
    this.errors.push({ path: this.#pathOf(field), message })
  }

  #pathOf(field: string): string {
    return this.path === '' ? field : `${this.path}.${field}`
  }

  has(field: string): boolean {
    return this.values[field] !== undefined
  }

  #get(field: string): unknown {
    this.#asked.add(field)
    return this.values[field] ?? undefined
  }

  text(field: string, longest: number): string {
    const value = this.#get(field)
    if (isText(value, longest)) return value
    this.fail(field, `Must be a text of at most ${longest} characters.`)
    return ''
  }

  texts(field: string, longest: number, most: number): string[] {
    const value = this.#get(field)
    if (Array.isArray(value) && value.length > 0 && value.length <= most)
      if (value.every((one) => isText(one, longest))) return value
    this.fail(field, `Must be a list of at most ${most} texts of at most ${longest} characters.`)
    return []
  }

  maybeTexts<F extends 'context' | 'exceptions' | 'accounts'>(
    field: F,
    longest: number,
    most: number,
  ): Partial<Record<F, string[]>> {
    if (this.#get(field) === undefined) return {}
    return { [field]: this.texts(field, longest, most) } as Record<F, string[]>
  }

  translations(field: string): Record<string, string> {
    const value = this.#get(field)
    if (isRecord(value) && 'en' in value && 'zh' in value)
      if (Object.values(value).every((one) => isText(one, LONGEST.sentence)))
        return value as Record<string, string>
    this.fail(field, `Must give a text in en and in zh, of at most ${LONGEST.sentence} characters each.`)
    return {}
  }

  id(): string {
    const id = this.text('id', LONGEST.id)
    if (id !== '' && !ID.test(id)) this.fail('id', 'Must be small words parted by / and -.')
    return id
  }

  common(): Common {
    const entryId = this.#get('entryId')
    if (entryId !== undefined && !isText(entryId, LONGEST.id)) this.fail('entryId', 'Must be a text.')
    const expires = this.#get('expires')
    if (expires !== undefined && !isDate(expires)) this.fail('expires', 'Must be a date, as 2027-12-31.')
    return {
      ...(typeof entryId === 'string' ? { entryId } : {}),
      ...(typeof expires === 'string' ? { expires } : {}),
      act: this.maybeFlag('act').act ?? false,
    }
  }

  /** `also`: what an id may begin with beside its category. */
  weighed(also?: string): Weighed {
    const score = this.#get('score')
    if (typeof score !== 'number' || !(score >= 0 && score <= 1))
      this.fail('score', 'Must be a number from 0 to 1.')
    const category = this.text('category', LONGEST.category)
    if (NO_CATEGORIES.includes(category)) this.fail('category', 'Is what detectors find, not a harm.')
    const id = this.id()
    const heads = also === undefined ? [category] : [category, also]
    if (ID.test(id) && !heads.some((head) => id.startsWith(`${head}/`)))
      this.fail('id', `Must begin with ${heads.map((head) => `${head}/`).join(' or ')}.`)
    return { ...this.common(), id, category, score: Number(score) }
  }

  maybeFlag<F extends 'wholeWord' | 'unambiguous' | 'act'>(field: F): Partial<Record<F, boolean>> {
    const value = this.#get(field)
    if (value === undefined) return {}
    if (typeof value !== 'boolean') this.fail(field, 'Must be true or false.')
    return { [field]: value === true } as Record<F, boolean>
  }

  /** Each must hold something after normalisation; says nothing of a field that is wrong anyway. */
  mustCompare(field: string, texts: readonly string[]): void {
    const path = this.#pathOf(field)
    if (this.errors.some((error) => error.path === path)) return
    if (texts.some((text) => normalise(text).codes.length === 0))
      this.fail(field, 'Holds nothing to compare.')
  }

  refuseOthers(): void {
    for (const field of Object.keys(this.values)) {
      if (!this.#asked.has(field)) this.fail(field, 'Is not known here.')
    }
  }
}

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && codePoints(value) <= longest

function isDate(value: unknown): value is string {
  if (typeof value !== 'string' || !DATE.test(value)) return false
  const time = Date.parse(value)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
}
