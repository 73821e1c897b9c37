import { Body, Controller, Get, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common'
import { ApiOkResponse } from '@nestjs/swagger'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { apiOk, apiOperation, apiProblem, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { ApprovedImportView, ExportQuery, ImportView } from './banks-api.js'
import { CsvBody, csvText, EXAMPLE_FILE } from './csv-body.js'
import { ExportBank } from './export-bank.js'
import { ImportBank } from './import-bank.js'

/** Entries of banks as files: of the bank, or of its entries, which is the same. */
@Controller(['banks/:bank/entries', 'banks/:bank'])
@apiTag('Banks')
export class BankFilesController {
  constructor(
    private readonly importBank: ImportBank,
    private readonly exportBank: ExportBank,
  ) {}

  @Get('export')
  @apiOperation(
    'Exports entries as a file of comma-separated values.',
    'One row an entry, those made first at the beginning; the items of a list are parted by `|`. What a spreadsheet would take for a',
    'formula has an apostrophe before it. An import reads it back as it is.',
  )
  @Roles('policy_editor', 'auditor', 'admin')
  @apiQuery(ExportQuery)
  @apiProblem(404, 'There is no such bank.')
  @ApiOkResponse({
    description: 'The entries, below a line with the names of the columns.',
    content: { 'text/csv': { schema: { type: 'string' }, example: EXAMPLE_FILE } },
  })
  async export(@Param('bank') bank: string, @Query() query: ExportQuery): Promise<StreamableFile> {
    const { import: importId, ...filter } = query
    const rows = await this.exportBank.open(bank, { ...filter, importId })
    return new StreamableFile(rows, { type: 'text/csv; charset=utf-8', disposition: 'attachment' })
  }

  @Post('import')
  @apiOperation(
    'Writes many entries at once.',
    'A row with an `entryId` writes that entry anew, if it still stands as `changes` says; one without makes a new one. All of it is checked',
    'first: where anything is wrong, nothing is done. The same file twice has one effect. What it writes leads to review only until a second',
    'person approves.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @CsvBody('Columns as in an export, in any order; up to 20 000 rows.')
  @apiProblem(404, 'There is no such bank.')
  @apiProblem(
    409,
    'The bank would hold more than it may (`bank-full`), another claim has the id of one (`claim-known`), or somebody else changed an entry at the same time (`changed`).',
  )
  @apiOk(ImportView)
  async import(@Param('bank') bank: string, @CurrentCaller() { subject }: Caller, @Body() body: unknown) {
    return this.importBank.import(bank, csvText(body), subject)
  }

  @Post('imports/:import/approve')
  @apiOperation(
    'Lets all entries of an import act, as the second person.',
    'Those that ask to and still stand as the import wrote them; `export` with `import` shows them. Never possible for who imported them.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiProblem(404, 'There is no such import, or nothing of it stands as it wrote it.')
  @apiOk(ApprovedImportView)
  async approve(
    @Param('bank') bank: string,
    @Param('import') importId: string,
    @CurrentCaller() { subject }: Caller,
  ) {
    return { importId, approved: await this.importBank.approve(bank, importId, subject) }
  }
}
