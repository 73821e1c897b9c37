import { Injectable } from '@nestjs/common'
import { stringify } from 'csv-stringify'
import { Readable } from 'node:stream'
import { ALL_COLUMNS, columnsOf, rowOf } from '#libs/policy/banks/bank-csv'
import { notFound } from '#libs/runtime/http/problem'
import { mayAct } from './bank-entry.js'
import { BankEntryStore, type EntryFilter } from './bank-entry.store.js'
import { BankVersionStore } from './bank-version.store.js'

/** Gives entries of banks as files. */
@Injectable()
export class ExportBank {
  constructor(
    private readonly versions: BankVersionStore,
    private readonly entries: BankEntryStore,
  ) {}

  /**
   * The bytes of a file of comma-separated values (RFC 4180). Every cell is quoted: a spreadsheet that parts cells by semicolons finds
   * none to begin a formula after. @throws Problem 404
   */
  async open(bank: string, filter: EntryFilter): Promise<Readable> {
    const last = await this.versions.last(bank)
    if (!last) throw notFound('There is no such bank.')
    // Claims may be given in any language; all other columns are known.
    const columns =
      last.document.kind === 'claims' ? columnsOf(await this.entries.texts(bank, filter)) : ALL_COLUMNS
    const rows = Readable.from(this.rows(bank, filter, columns))
    const writer = stringify({ quoted: true, record_delimiter: 'windows' })
    rows.on('error', (error) => writer.destroy(error))
    return rows.pipe(writer)
  }

  private async *rows(
    bank: string,
    filter: EntryFilter,
    columns: readonly string[],
  ): AsyncGenerator<readonly string[]> {
    yield columns
    for await (const entry of this.entries.each(bank, filter))
      yield rowOf({ ...entry, mayAct: mayAct(entry) }, columns)
  }
}
