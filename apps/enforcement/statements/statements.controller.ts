import { Controller, Get, Param, Query } from '@nestjs/common'
import { Optional, OwnId, PlatformId } from '#libs/contracts/fields'
import { type Caller, CurrentCaller, hasRole } from '#libs/platform/auth/caller'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { apiQuery } from '#libs/platform/http/openapi'
import { page, PageQuery } from '#libs/platform/http/paging'
import { notFound } from '#libs/platform/http/problem'
import { instantCursor } from '../cursor.js'
import { StatementStore, type StatementDocument } from './statement.store.js'

export class StatementsQuery extends PageQuery {
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
}

const READERS = ['moderator', 'senior', 'auditor', 'admin'] as const

/** Statements of reasons. A platform reads its own. */
@Controller('statements-of-reasons')
export class StatementsController {
  constructor(private readonly statements: StatementStore) {}

  @Get()
  @Roles(...READERS, 'platform')
  @apiQuery(StatementsQuery)
  async list(@CurrentCaller() caller: Caller, @Query() query: StatementsQuery) {
    const platformId = hasRole(caller, ...READERS) ? query.platform : caller.platform
    const filter = { platformId, accountId: query.account }
    const found = await this.statements.list(filter, query.limit, instantCursor(query.cursor))
    return page(found, query.limit, (one) => [one.issuedAt.toISOString(), one._id], statementView)
  }

  @Get(':id')
  @Roles(...READERS, 'platform')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller) {
    const statement = await this.statements.byId(id)
    const visible = statement && (hasRole(caller, ...READERS) || statement.platformId === caller.platform)
    if (!visible) throw notFound('There is no such statement.')
    return statementView(statement)
  }
}

function statementView({ _id, statementId, ...statement }: StatementDocument) {
  return { statementOfReasonsId: statementId, ...statement }
}
