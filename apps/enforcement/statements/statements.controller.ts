import { Controller, Get, Param, Query } from '@nestjs/common'
import { OneOf, Optional, OwnId, PlatformId } from '#libs/contracts/fields'
import { type Caller, CurrentCaller, hasRole, isPlatformOnly } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { apiAnswer, apiOk, apiOperation, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { ViewsEvidence, ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import { DsaExport } from './dsa-export.js'
import { RESTRICTIONS } from './dsa-statement.rules.js'
import { DSA_BATCH, DsaBatch, StatementsPage, StatementView } from './statements-api.js'
import { StatementStore, type StatementDocument } from '../ledger/statements/statement.store.js'

export class StatementsQuery extends PageQuery {
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
  /** `dsa`: what the EU DSA Transparency Database takes (docs/dsa-export.md), at most 100 at a time. */
  @Optional() @OneOf(['json', 'dsa']) format?: 'json' | 'dsa'
}

const READERS = ['moderator', 'senior', 'auditor', 'admin'] as const

/** Statements of reasons. A platform reads its own. */
@Controller('statements-of-reasons')
@apiTag('Statements')
export class StatementsController {
  constructor(
    private readonly statements: StatementStore,
    private readonly dsa: DsaExport,
  ) {}

  @Get()
  @apiOperation(
    'Lists statements of reasons, also in the form of the EU’s DSA Transparency Database.',
    'A platform sees its own, and only the platform gets the link to object, for the owner. With `format=dsa`',
    'it answers batches of at most 100 restrictions, to be posted to the database as they are.',
  )
  @Roles(...READERS, 'platform')
  @ViewsList('statements', ({ statementId }: { statementId: string }) => `statement/${statementId}`, {
    items: statementsOn,
  })
  @apiQuery(StatementsQuery)
  @apiAnswer(
    200,
    'A page of statements, newest first, or a batch of them for the database.',
    StatementsPage,
    DsaBatch,
  )
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: StatementsQuery,
  ): Promise<StatementsPage | DsaBatch> {
    const platformId = hasRole(caller, ...READERS) ? query.platform : caller.platform
    const filter = { platformId, accountId: query.account }
    const cursor = instantCursor(query.cursor)
    if (query.format === 'dsa') return this.dsaBatch(filter, Math.min(query.limit, DSA_BATCH), cursor)
    const found = await this.statements.list(filter, query.limit, cursor)
    return page(found, query.limit, keyOf, (one) => statementView(one, caller))
  }

  @Get(':id')
  @apiOperation(
    'Shows a statement of reasons.',
    'A platform sees its own, with the link to object that it shows to the owner.',
    'The view is entered into the audit log.',
  )
  @Roles(...READERS, 'platform')
  @ViewsEvidence('statement')
  @apiOk(StatementView)
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller) {
    const statement = await this.statements.byId(id)
    const visible = statement && (hasRole(caller, ...READERS) || statement.platformId === caller.platform)
    if (!visible) throw notFound('There is no such statement.')
    return statementView(statement, caller)
  }

  /** Statements of restrictions only, so that a batch is full unless it is the last. */
  private async dsaBatch(
    filter: { platformId?: string; accountId?: string },
    limit: number,
    after?: [Date, string],
  ): Promise<DsaBatch> {
    const found = await this.statements.list({ ...filter, kinds: RESTRICTIONS }, limit, after)
    const { items, nextCursor } = page(found, limit, keyOf)
    return { statements: await this.dsa.of(items), nextCursor }
  }
}

/** What a page or a batch holds, in the words of the audit log. */
function statementsOn(answer: StatementsPage | DsaBatch) {
  return 'items' in answer
    ? answer.items.map(({ statementOfReasonsId, platformId, accountId }) => ({
        statementId: statementOfReasonsId,
        platformId,
        accountId,
      }))
    : answer.statements.map(({ puid }) => ({ statementId: puid }))
}

function keyOf({ issuedAt, _id }: StatementDocument): [string, string] {
  return [issuedAt.toISOString(), _id]
}

/** The link to object is a capability of the owner: the platform shows it to them, and nobody else has it (docs/adr/0109). */
function statementView({ _id, statementId, ...statement }: StatementDocument, caller: Caller): StatementView {
  const { redress } = statement
  const appealUrl = isPlatformOnly(caller) ? redress.appealUrl : null
  return { statementOfReasonsId: statementId, ...statement, redress: { ...redress, appealUrl } }
}
