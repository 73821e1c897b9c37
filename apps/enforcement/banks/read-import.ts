import { CsvError, parse } from 'csv-parse'
import { Readable } from 'node:stream'
import { entryOf, type EntryRow, errorsOfColumns } from '#libs/policy/banks/bank-csv'
import type { BankError, BankKind } from '#libs/policy/banks/bank-entries'
import { badRequest, type Problem } from '#libs/runtime/http/problem'
import { Turns } from '#libs/runtime/turns'
import { fieldsOf } from './change-bank.js'
import { errorsOf } from './change-entry.rules.js'

/** Rows of one import: what a request can do in half a minute. Larger banks come in several files. */
export const MAX_ROWS = 20_000
/** Errors that are told at once. */
const MAX_ERRORS = 100
const LONGEST_CELL = 100_000

/** A row of a file with the number of its line, from 1. */
export interface ImportRow extends EntryRow {
  readonly line: number
}

/**
 * Reads and checks a file of entries, all of it before anything is done with it. @throws Problem 400 `bad-csv` where it is no such
 * file, `bad-import` with what is wrong by line, `too-many-rows`
 */
export async function readImport(kind: BankKind, file: string): Promise<ImportRow[]> {
  const rows: ImportRow[] = []
  const errors: BankError[] = []
  const turns = new Turns()
  let columns: readonly string[] | undefined
  for await (const { record, lines } of recordsOf(file)) {
    if (turns.over) await turns.next()
    if (!columns) {
      columns = record.map((column) => column.trim())
      const bad = errorsOfColumns(columns)
      if (bad.length > 0) throw badImport(bad)
      continue
    }
    const row = { ...entryOf(columns, record), line: lines }
    if (rows.push(row) > MAX_ROWS)
      throw badRequest('too-many-rows', `One import takes up to ${MAX_ROWS} rows; send several.`)
    for (const { path, message } of errorsOf(kind, row.written)) errors.push(at(row, path, message))
    if (errors.length >= MAX_ERRORS) break
  }
  errors.push(...twice(kind, rows))
  if (errors.length > 0) throw badImport(errors)
  return rows
}

/** Something that is wrong with a row, by its line: `line 12/score`. */
export function at({ line }: Pick<ImportRow, 'line'>, path: string, message: string): BankError {
  return { path: `line ${line}${path === '' ? '' : `/${path}`}`, message }
}

/** 400: what is wrong with a file, the first of it. */
export function badImport(errors: readonly BankError[]): Problem {
  const detail = 'Nothing was imported: something is wrong with the file.'
  return badRequest('bad-import', detail, fieldsOf(errors.slice(0, MAX_ERRORS)))
}

/** Two rows that change one entry, or claims of one id. */
function twice(kind: BankKind, rows: readonly ImportRow[]): BankError[] {
  const errors: BankError[] = []
  const seen = new Set<unknown>()
  for (const row of rows) {
    const names = [
      ...(row.entryId === undefined ? [] : [['entryId', row.entryId] as const]),
      ...(kind === 'claims' ? [['id', String(row.written['id'])] as const] : []),
    ]
    for (const [field, value] of names) {
      const key = `${field} ${value}`
      if (seen.has(key)) errors.push(at(row, field, 'Stands in the file twice.'))
      seen.add(key)
    }
  }
  return errors
}

interface CsvRecord {
  readonly record: string[]
  /** Where it ends. */
  readonly lines: number
}

/** The records of a file. What parts the cells is what stands first in its head: spreadsheets write a semicolon in many countries. */
async function* recordsOf(file: string): AsyncGenerator<CsvRecord> {
  const delimiter = /[,;\t]/.exec(/^[^\r\n]*/.exec(file)![0])?.[0] ?? ','
  const parser = parse({
    ...{ bom: true, delimiter, relax_column_count_less: true, skip_empty_lines: true, info: true },
    max_record_size: LONGEST_CELL,
  })
  try {
    for await (const { record, info } of Readable.from(slicesOf(file)).pipe(parser) as AsyncIterable<{
      record: string[]
      info: { lines: number }
    }>)
      yield { record, lines: info.lines }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw badRequest('bad-csv', 'The body is no file of comma-separated values.', [
      { path: '', reason: error.message.slice(0, 500) },
    ])
  }
}

const SLICE = 16_384

function* slicesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; from += SLICE) yield text.slice(from, from + SLICE)
}
