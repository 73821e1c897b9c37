import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent, RequestId } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch } from '#libs/runtime/http/if-match'
import {
  apiBody,
  apiCreated,
  apiOk,
  apiOperation,
  apiPage,
  apiProblem,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { decodeCursor, page, PageQuery } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { instantCursor } from '../store/cursor.js'
import { definedFields } from '../store/queries.js'
import { mayAct } from './bank-entry.js'
import { type BankEntryDocument, BankEntryStore, type EntryCounts } from './bank-entry.store.js'
import { BankVersionStore, type LastVersion } from './bank-version.store.js'
import { BankView, EntriesQuery, EntryBody, EntryView, QuarantineBody } from './banks-api.js'
import { ChangeBank } from './change-bank.js'

/** Lists that detectors use. What may act needs two people. */
@Controller('banks')
@apiTag('Banks')
export class BanksController {
  constructor(
    private readonly versions: BankVersionStore,
    private readonly entries: BankEntryStore,
    private readonly changeBank: ChangeBank,
  ) {}

  @Get()
  @apiOperation(
    'Lists the banks by name.',
    'Each with the version that counts last, and how many of its entries stand how.',
  )
  @Roles('policy_editor', 'auditor', 'admin')
  @apiQuery(PageQuery)
  @apiPage(BankView)
  async list(@Query() { limit, cursor }: PageQuery) {
    const [after] = decodeCursor(cursor, 1) ?? ['']
    const [versions, counts] = await Promise.all([this.versions.lastOfAll(), this.entries.counts()])
    const found = versions.filter(({ name }) => name > String(after)).slice(0, limit + 1)
    return page(
      found,
      limit,
      ({ name }) => [name],
      (version) => bankView(version, counts.get(version.name)),
    )
  }

  @Get(':bank/entries')
  @apiOperation(
    'Lists the entries of a bank, the last made first.',
    '`q` is the beginning of a term, pattern, claim or id. Removed ones are listed too; `state=live` leaves them out.',
  )
  @Roles('policy_editor', 'auditor', 'admin')
  @apiQuery(EntriesQuery)
  @apiProblem(404, 'There is no such bank.')
  @apiPage(EntryView)
  async listEntries(@Param('bank') bank: string, @Query() { limit, cursor, ...filter }: EntriesQuery) {
    if (!(await this.versions.last(bank))) throw notFound('There is no such bank.')
    const found = await this.entries.list(bank, filter, limit, instantCursor(cursor))
    return page(found, limit, ({ at, _id }) => [at.toISOString(), _id], entryView)
  }

  @Post(':bank/entries')
  @apiOperation(
    'Writes a new entry of a bank.',
    'It counts for messages received some seconds later, on every instance: for review only, until another person',
    'approves that it may act.',
  )
  @Roles('policy_editor')
  @Idempotent()
  @apiBody(EntryBody)
  @apiProblem(404, 'There is no such bank.')
  @apiProblem(
    409,
    'Another claim of the bank has this id (`claim-known`), or the bank holds as much as it may (`bank-full`).',
  )
  @apiCreated(EntryView)
  async add(
    @Param('bank') bank: string,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @Body() body: EntryBody,
  ) {
    return entryView(await this.changeBank.add(bank, definedFields({ ...body }), requestId, caller.subject))
  }

  @Get(':bank/entries/:entry')
  @apiOperation('Shows an entry.', 'As it was written, with who wrote, approved, set aside or removed it.')
  @Roles('policy_editor', 'auditor', 'admin')
  @apiOk(EntryView)
  async get(@Param('bank') bank: string, @Param('entry') entry: string) {
    const found = await this.entries.byId(bank, entry)
    if (!found) throw notFound('There is no such entry.')
    return entryView(found)
  }

  @Put(':bank/entries/:entry')
  @apiOperation(
    'Writes an entry anew.',
    'What a second person approved was the text before: it leads to review only until it is approved again.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiBody(EntryBody)
  @apiOk(EntryView)
  async rewrite(
    @Param('bank') bank: string,
    @Param('entry') entry: string,
    @CurrentCaller() caller: Caller,
    @Body() body: EntryBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    const text = definedFields({ ...body })
    return entryView(await this.changeBank.rewrite(bank, entry, text, caller.subject, ifMatch))
  }

  @Delete(':bank/entries/:entry')
  @apiOperation(
    'Removes an entry.',
    'It counts no more for messages received some seconds later; it stays to be read.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiOk(EntryView)
  async remove(
    @Param('bank') bank: string,
    @Param('entry') entry: string,
    @CurrentCaller() caller: Caller,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return entryView(await this.changeBank.remove(bank, entry, caller.subject, ifMatch))
  }

  @Post(':bank/entries/:entry/approve')
  @apiOperation(
    'Lets an entry act, as the second person.',
    'Never possible for who wrote it as it stands. Of one that was written anew, `If-Match` must say what was seen.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiProblem(428, 'It was written anew, and there is no `If-Match` (`if-match-needed`).')
  @apiOk(EntryView)
  async approve(
    @Param('bank') bank: string,
    @Param('entry') entry: string,
    @CurrentCaller() caller: Caller,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return entryView(await this.changeBank.approve(bank, entry, caller.subject, ifMatch))
  }

  @Post(':bank/entries/:entry/quarantine')
  @apiOperation(
    'Sets an entry aside that finds too much.',
    'It counts no more until it is released, and keeps its text and approval.',
  )
  @HttpCode(200)
  @Roles('policy_editor', 'senior')
  @Idempotent()
  @apiBody(QuarantineBody)
  @apiOk(EntryView)
  async quarantine(
    @Param('bank') bank: string,
    @Param('entry') entry: string,
    @CurrentCaller() caller: Caller,
    @Body() { reasons }: QuarantineBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return entryView(await this.changeBank.quarantine(bank, entry, reasons, caller.subject, ifMatch))
  }

  @Post(':bank/entries/:entry/release')
  @apiOperation('Lets an entry that was set aside count again.', 'As it stood before.')
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiOk(EntryView)
  async release(
    @Param('bank') bank: string,
    @Param('entry') entry: string,
    @CurrentCaller() caller: Caller,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return entryView(await this.changeBank.release(bank, entry, caller.subject, ifMatch))
  }
}

const NONE: EntryCounts = { live: 0, waiting: 0, quarantined: 0, removed: 0 }

function bankView({ name, version, document, effectiveFrom }: LastVersion, counts = NONE): BankView {
  return { bank: name, kind: document.kind, version, effectiveFrom, ...counts }
}

function entryView(document: BankEntryDocument): EntryView {
  const { entryId, bank, kind, state, written, created, changed, approved, quarantine, removed } = document
  return {
    ...{ entryId, bank, kind, state, entry: { ...written }, mayAct: mayAct(document) },
    ...{ createdBy: created.by, createdAt: created.at, changedBy: changed.by, changedAt: changed.at },
    ...{ approvedBy: approved?.by ?? null, approvedAt: approved?.at ?? null },
    ...{ quarantinedBy: quarantine?.by ?? null, quarantinedAt: quarantine?.at ?? null },
    quarantineReasons: quarantine?.reasons ?? null,
    ...{ removedBy: removed?.by ?? null, removedAt: removed?.at ?? null },
    ...{ importId: document.importId ?? null, changes: document.changes },
  }
}
