import { type BankError, type WrittenEntry } from './bank-entries.js'

/** How a field stands in a cell. */
type Form = 'text' | 'number' | 'flag' | 'list'

const FORMS: ReadonlyMap<string, Form> = new Map([
  ['id', 'text'],
  ['category', 'text'],
  ['score', 'number'],
  ['term', 'text'],
  ['terms', 'list'],
  ['pattern', 'text'],
  ['sha256', 'text'],
  ['name', 'text'],
  ['holder', 'text'],
  ['accounts', 'list'],
  ['context', 'list'],
  ['exceptions', 'list'],
  ['wholeWord', 'flag'],
  ['unambiguous', 'flag'],
  ['source', 'text'],
  ['variants', 'list'],
  ['expires', 'text'],
  ['act', 'flag'],
])
/** Fields that give a text in several languages: a column for each, `claim.zh`. */
const TRANSLATED = ['claim', 'finding']
const TRANSLATION = new RegExp(`^(${TRANSLATED.join('|')})\\.([a-z]{2,3}(?:-[A-Za-z0-9]+)*)$`)
/** More than any bank has, in however many languages. */
const MAX_COLUMNS = 200
/** What names the entry of a row. */
const OWN = ['entryId', 'changes']
/** What an export tells of an entry beside its text; an import does not read it. */
const TOLD = ['state', 'mayAct']

/** An entry as a row of a file names it. */
export interface EntryRow {
  /** Of the entry that the row changes; absent for a new one. */
  readonly entryId?: string
  /** How often that entry had been changed when the file was made: what changed since is not written over. */
  readonly changes?: number
  readonly written: WrittenEntry
}

/** What an export says of an entry. */
export type ToldEntry = Required<EntryRow> & { readonly state: string; readonly mayAct: boolean }

/** The columns that a file of these entries needs. */
export function columnsOf(entries: Iterable<WrittenEntry>): string[] {
  const used = new Set<string>()
  for (const written of entries) for (const column of cellsOf(written).keys()) used.add(column)
  const known = [...FORMS.keys()].filter((column) => used.has(column))
  return [...OWN, ...TOLD, ...known, ...[...used].filter((column) => TRANSLATION.test(column)).sort()]
}

/** The columns that entries of any bank can need, with translations in the languages that every claim has. */
export const ALL_COLUMNS: readonly string[] = [
  ...[...OWN, ...TOLD, ...FORMS.keys()],
  ...TRANSLATED.flatMap((field) => [`${field}.zh`, `${field}.en`]),
]

/** The cells of an entry, in the order of `columns`; `entryOf` reads the same entry from them. */
export function rowOf(
  { entryId, changes, state, mayAct, written }: ToldEntry,
  columns: readonly string[],
): string[] {
  const cells = cellsOf(written)
  for (const [name, value] of Object.entries({ entryId, changes, state, mayAct }))
    cells.set(name, String(value))
  return columns.map((column) => guarded(cells.get(column) ?? ''))
}

/** What is wrong with the head of a file; empty where it can be read. */
export function errorsOfColumns(columns: readonly string[]): BankError[] {
  if (columns.length > MAX_COLUMNS) return [{ path: '', message: `Has more than ${MAX_COLUMNS} columns.` }]
  return columns.flatMap((column, i) => {
    const isKnown =
      OWN.includes(column) || FORMS.has(column) || TOLD.includes(column) || TRANSLATION.test(column)
    if (!isKnown) return [{ path: column.slice(0, 100), message: 'Is no column that is known here.' }]
    return columns.indexOf(column) < i ? [{ path: column, message: 'Stands here twice.' }] : []
  })
}

/** Reads a row. An empty cell is a field that is not given; what cannot be read as its form is left to whoever checks the entry. */
export function entryOf(columns: readonly string[], cells: readonly string[]): EntryRow {
  const written: Record<string, unknown> = {}
  let entryId: string | undefined
  let changes: number | undefined
  columns.forEach((column, i) => {
    const cell = unguarded(cells[i] ?? '')
    if (cell === '' || TOLD.includes(column)) return
    const form = FORMS.get(column)
    const [, field, language] = TRANSLATION.exec(column) ?? []
    if (column === 'entryId') entryId = cell
    else if (column === 'changes') changes = Number(cell)
    else if (form) written[column] = valueOf(form, cell)
    else if (field && language)
      written[field] = { ...(written[field] as Record<string, string> | undefined), [language]: cell }
  })
  return {
    ...(entryId === undefined ? {} : { entryId }),
    ...(changes === undefined ? {} : { changes }),
    written,
  }
}

function cellsOf(written: WrittenEntry): Map<string, string> {
  const cells = new Map<string, string>()
  for (const [field, value] of Object.entries(written)) {
    if (value === undefined) continue
    if (TRANSLATED.includes(field)) {
      for (const [language, text] of Object.entries(value as Record<string, string>))
        cells.set(`${field}.${language}`, text)
    } else {
      cells.set(
        field,
        Array.isArray(value) ? joined(value as string[]) : `${value as string | number | boolean}`,
      )
    }
  }
  return cells
}

function valueOf(form: Form, cell: string): unknown {
  switch (form) {
    case 'text':
      return cell
    case 'number':
      return Number(cell)
    case 'flag':
      // Spreadsheets write them in capitals.
      return { true: true, false: false }[cell.trim().toLowerCase()] ?? cell
    case 'list':
      return parted(cell)
  }
}

const PARTING = '|'

function joined(items: readonly string[]): string {
  return items.map((item) => item.replace(/[\\|]/g, '\\$&')).join(PARTING)
}

/** Undoes `joined`: a bar parts items, `\|` is a bar in one and `\\` a backslash. */
function parted(cell: string): string[] {
  const items: string[] = []
  let item = ''
  for (let i = 0; i < cell.length; i++) {
    const unit = cell[i]!
    if (unit === PARTING) {
      items.push(item)
      item = ''
    } else {
      const next = cell[i + 1]
      item += unit === '\\' && (next === PARTING || next === '\\') ? cell[++i]! : unit
    }
  }
  items.push(item)
  return items
}

/**
 * What spreadsheets take for a formula begins so (OWASP, "CSV Injection"; full-width forms are read alike). An apostrophe before it
 * makes it a text. One goes before every text that looks as if it had one, so that it can be taken away again.
 */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

function guarded(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell
}

function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
