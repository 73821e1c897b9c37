import { parseDocument } from 'yaml'
import type { LexiconEntry } from './lexicon.js'
import type { LinkEntry } from './links.js'
import { normalise } from './normalise.js'

/** An entry that may let the rules act, once two people approved of it; without, it only leads to review. */
interface MayAct {
  act: boolean
}

/** `unambiguous`: the phrase by itself is the harm, so that rules may act on it without a second sign. */
export type WordEntry = LexiconEntry & MayAct & { unambiguous?: boolean }
export type LinkBankEntry = LinkEntry & MayAct

/** A claim that was found false, and what to tell people of it. */
export interface ClaimEntry extends MayAct {
  id: string
  claim: Record<string, string>
  finding: Record<string, string>
  /** Where the finding can be read. */
  source: string
  /** RFC 3339 date: from the day after, the entry counts no more. */
  expires: string
  /** Ways of putting it: parts parted by `…` that follow each other, not far apart. */
  variants: string[]
}

export type Bank =
  | { kind: 'words'; entries: WordEntry[] }
  | { kind: 'links'; entries: LinkBankEntry[] }
  | { kind: 'claims'; entries: ClaimEntry[] }

/** What is wrong with a bank, and where: `entries[3].score`. */
export interface BankError {
  path: string
  message: string
}

const ID = /^[a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9-]*)*$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/**
 * Reads a bank written as YAML (`kind`, `entries`); `terms` in an entry stands for several spellings of one id. Whatever is wrong
 * is told with its place, all of it; the entries that are right come all the same.
 */
export function parseBank(yaml: string): { bank: Bank | undefined; errors: BankError[] } {
  const document = parseDocument(yaml)
  if (document.errors.length > 0) {
    return {
      bank: undefined,
      errors: document.errors.map((e) => ({ path: '', message: e.message.split('\n')[0] ?? '' })),
    }
  }
  let root: unknown
  try {
    root = document.toJS({ maxAliasCount: 0 })
  } catch {
    return { bank: undefined, errors: [{ path: '', message: 'A bank must not use aliases.' }] }
  }
  if (!isRecord(root))
    return { bank: undefined, errors: [{ path: '', message: 'A bank is a map with kind and entries.' }] }
  const { kind, entries } = root
  if (!Array.isArray(entries))
    return { bank: undefined, errors: [{ path: 'entries', message: 'Must be a list.' }] }
  switch (kind) {
    case 'words': {
      const { good, errors } = readAll(entries, readWords)
      return { bank: { kind, entries: good }, errors }
    }
    case 'links': {
      const { good, errors } = readAll(entries, readLinks)
      return { bank: { kind, entries: good }, errors }
    }
    case 'claims': {
      const { good, errors } = readAll(entries, readClaims)
      good.forEach((entry, i) => {
        if (good.findIndex((other) => other.id === entry.id) < i) {
          errors.push({ path: 'entries', message: `${entry.id} stands here twice.` })
        }
      })
      return { bank: { kind, entries: good }, errors }
    }
    default:
      return { bank: undefined, errors: [{ path: 'kind', message: 'Must be words, links or claims.' }] }
  }
}

function readAll<T>(entries: unknown[], read: (fields: Fields) => T[]): { good: T[]; errors: BankError[] } {
  const errors: BankError[] = []
  const good = entries.flatMap((entry, i) => {
    if (!isRecord(entry)) {
      errors.push({ path: `entries[${i}]`, message: 'Must be a map.' })
      return []
    }
    const fields = new Fields(entry, `entries[${i}]`)
    const read1 = read(fields)
    fields.refuseOthers()
    errors.push(...fields.errors)
    return fields.errors.length === 0 ? read1 : []
  })
  return { good, errors }
}

function readWords(fields: Fields): WordEntry[] {
  const shared = { ...fields.judgement(), ...fields.maybe('wholeWord'), ...fields.maybe('unambiguous') }
  const terms = fields.has('terms') ? fields.texts('terms') : [fields.text('term')]
  if (shared.unambiguous === true && !shared.act) fields.fail('unambiguous', 'Is for entries that may act.')
  for (const term of terms) {
    if (term !== '' && normalise(term).codes.length === 0) fields.fail('term', 'Holds nothing to compare.')
  }
  return terms.map((term) => ({ ...shared, term }))
}

function readLinks(fields: Fields): LinkBankEntry[] {
  const pattern = fields.text('pattern')
  if (pattern !== '' && !/^[^\s/]+\.[^\s/]+(\/\S*)?$/.test(pattern.replace(/^[a-z]+:\/\//i, ''))) {
    fields.fail('pattern', 'Must be a host, with or without a path.')
  }
  return [{ ...fields.judgement(), pattern }]
}

function readClaims(fields: Fields): ClaimEntry[] {
  const source = fields.text('source')
  if (source !== '' && !URL.canParse(source)) fields.fail('source', 'Must be a URL.')
  const expires = fields.text('expires')
  if (expires !== '' && (!DATE.test(expires) || Number.isNaN(Date.parse(expires)))) {
    fields.fail('expires', 'Must be a date, as 2027-12-31.')
  }
  const variants = fields.texts('variants')
  for (const variant of variants) {
    if (variant.split('…').some((part) => normalise(part).codes.length === 0)) {
      fields.fail('variants', 'Each part needs something to compare.')
    }
  }
  return [
    {
      id: fields.id(),
      claim: fields.translations('claim'),
      finding: fields.translations('finding'),
      source,
      expires,
      variants,
      act: fields.act(),
    },
  ]
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
    this.errors.push({ path: `${this.path}.${field}`, message })
  }

  has(field: string): boolean {
    return this.values[field] !== undefined
  }

  #get(field: string): unknown {
    this.#asked.add(field)
    return this.values[field]
  }

  text(field: string): string {
    const value = this.#get(field)
    if (typeof value === 'string' && value.trim() !== '') return value
    this.fail(field, 'Must be a text.')
    return ''
  }

  texts(field: string): string[] {
    const value = this.#get(field)
    if (
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((v) => typeof v === 'string' && v.trim() !== '')
    ) {
      return value as string[]
    }
    this.fail(field, 'Must be a list of texts.')
    return []
  }

  translations(field: string): Record<string, string> {
    const value = this.#get(field)
    if (
      isRecord(value) &&
      Object.values(value).every((v) => typeof v === 'string') &&
      'en' in value &&
      'zh' in value
    ) {
      return value as Record<string, string>
    }
    this.fail(field, 'Must give a text in en and in zh.')
    return {}
  }

  id(): string {
    const id = this.text('id')
    if (id !== '' && (id.length > 120 || !ID.test(id)))
      this.fail('id', 'Must be small words parted by / and -.')
    return id
  }

  act(): boolean {
    const act = this.#get('act') ?? false
    if (typeof act !== 'boolean') this.fail('act', 'Must be true or false.')
    return act === true
  }

  judgement(): { id: string; category: string; score: number } & MayAct {
    const score = this.#get('score')
    if (typeof score !== 'number' || !(score >= 0 && score <= 1))
      this.fail('score', 'Must be a number from 0 to 1.')
    return { id: this.id(), category: this.text('category'), score: Number(score), act: this.act() }
  }

  maybe<F extends 'wholeWord' | 'unambiguous'>(field: F): Partial<Record<F, boolean>> {
    const value = this.#get(field)
    if (value === undefined) return {}
    if (typeof value !== 'boolean') this.fail(field, 'Must be true or false.')
    return { [field]: value === true } as Record<F, boolean>
  }

  refuseOthers(): void {
    for (const field of Object.keys(this.values)) {
      if (!this.#asked.has(field)) this.fail(field, 'Is not known here.')
    }
  }
}
