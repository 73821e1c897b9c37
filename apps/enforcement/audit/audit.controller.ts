import { Controller, Get, Query, StreamableFile } from '@nestjs/common'
import { ApiOkResponse } from '@nestjs/swagger'
import { Readable } from 'node:stream'
import { headLine, recordLine } from '#libs/audit/export-lines'
import { AuditRecord, EXAMPLE_ENTRY } from '#libs/contracts/audit-record'
import { Instant, Optional, PlatformId, Text } from '#libs/contracts/fields'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { apiOperation, apiPage, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { badRequest } from '#libs/runtime/http/problem'
import { instantCursor } from '../store/cursor.js'
import { AuditStore, recordId } from './audit.store.js'
import { ExportAudit } from './export-audit.js'

export class AuditQuery extends PageQuery {
  /** `<noun>/<id>`: `account/p1/acc-9`, `case/…`, `decision/…`. */
  @Optional() @Text(300, 1) subject?: string
  /** `system`, or the subject of a token. */
  @Optional() @Text(200, 1) actor?: string
  @Optional() @PlatformId() platform?: string
}

export class AuditExportQuery {
  /** What was appended at this instant or later. */
  @Optional() @Instant() from?: string
  /** What was appended before this instant. */
  @Optional() @Instant() to?: string
}

const HASH = 'q7xw5gd4n6tbv8yhc1r0p3k2mzQ7XW5GD4N6TBV8YHC='
const EXPORT_EXAMPLE = [
  headLine({
    shard: '2',
    first: 0,
    note: `weir.example/audit/2\n1\n${HASH}\n\n— weir.example/audit/2 O1XFU…\n`,
  }),
  recordLine({
    shard: '2',
    seq: 0,
    loggedAt: '2026-11-24T08:00:00.000Z',
    prevHash: `${'A'.repeat(43)}=`,
    hash: HASH,
    entry: EXAMPLE_ENTRY,
  }),
].join('')

/** The audit log: every change of state and view of evidence. */
@Controller('audit')
@apiTag('Audit log')
export class AuditController {
  constructor(
    private readonly log: AuditStore,
    private readonly exportAudit: ExportAudit,
  ) {}

  @Get()
  @apiOperation(
    'Lists entries of the audit log by subject, actor or platform.',
    'Who did or saw what, and when, by ids and codes; never content.',
    'What a page of a list showed is found by its subjects too.',
  )
  @Roles('auditor', 'admin')
  @apiQuery(AuditQuery)
  @apiPage(AuditRecord, 'Newest first.')
  async list(@Query() { limit, cursor, subject, actor, platform }: AuditQuery) {
    const filter = { subject, actor, platformId: platform }
    const found = await this.log.list(filter, limit, instantCursor(cursor))
    return page(found, limit, ({ loggedAt, shard, seq }) => [loggedAt, recordId(shard, seq)])
  }

  @Get('export')
  @apiOperation(
    'Exports the audit log, signed, for verification elsewhere.',
    'As a stream of lines of JSON. `weir audit verify` finds any change, gap, reordering or truncation in it,',
    'best with checkpoints that were kept elsewhere.',
  )
  @Roles('auditor', 'admin')
  @apiQuery(AuditExportQuery)
  @ApiOkResponse({
    description: 'A signed head for each shard, then the records; `weir audit verify` reads it.',
    content: { 'application/x-ndjson': { schema: { type: 'string' }, example: EXPORT_EXAMPLE } },
  })
  async export(@Query() query: AuditExportQuery): Promise<StreamableFile> {
    const from = query.from === undefined ? undefined : new Date(query.from)
    const to = query.to === undefined ? undefined : new Date(query.to)
    if (from && to && from > to) {
      throw badRequest('invalid-request', 'The range ends before it begins.', [
        { path: 'to', reason: 'must not lie before from' },
      ])
    }
    const lines = await this.exportAudit.open(from, to)
    return new StreamableFile(Readable.from(lines, { objectMode: false }), { type: 'application/x-ndjson' })
  }
}
