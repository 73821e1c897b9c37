import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { Instant, OneOf, Optional, OwnId, PlatformId, Text } from '#libs/contracts/fields'
import { RECEIPT_STATUSES, type ReceiptStatus } from '#libs/contracts/receipt'
import { Clock } from '#libs/platform/clock'
import { type Caller, CurrentCaller, hasRole, isPlatformOnly } from '#libs/platform/auth/caller'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { Idempotent } from '#libs/platform/http/idempotency'
import { assertFresh, type ExpectedVersions, IfMatch, mustBeFresh } from '#libs/platform/http/if-match'
import { apiBody, apiOk, apiPage, apiQuery } from '#libs/platform/http/openapi'
import { page, PageQuery } from '#libs/platform/http/paging'
import { badRequest, notFound } from '#libs/platform/http/problem'
import { QueryFlag } from '#libs/platform/http/query-fields'
import { ViewsEvidence, ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../cursor.js'
import { AnswerDirective } from './answer-directive.js'
import { DIRECTIVE_STATES } from './directive-state.rules.js'
import { DIRECTIVE_READERS, directiveView } from './directive-view.js'
import { DirectiveStore, type DirectiveDocument } from './directive.store.js'
import { DirectiveView } from './directives-api.js'
import { TakeReceipts } from './take-receipts.js'

export class DirectivesQuery extends PageQuery {
  /** `overdue` finds what is overdue, in whatever state. */
  @Optional() @OneOf([...DIRECTIVE_STATES, 'overdue']) state?: string
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
  @Optional() @QueryFlag() overdue?: boolean
}

export class ReceiptBody {
  @OneOf(RECEIPT_STATUSES) status!: ReceiptStatus
  @Instant() at!: string
  @Optional() @Text(2_000) note?: string
  @Optional() @Instant() ownerNotifiedAt?: string
}

export class AnswerBody {
  @Text(2_000, 1) text!: string
}

/** A platform that fetches its own orders is no view of evidence: it was sent them. */
const ONE_OF_US = { by: (caller: Caller) => !isPlatformOnly(caller) }

/** Orders to platforms and their answers. A platform sees its own. */
@Controller('directives')
export class DirectivesController {
  constructor(
    private readonly directives: DirectiveStore,
    private readonly receipts: TakeReceipts,
    private readonly answers: AnswerDirective,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Roles(...DIRECTIVE_READERS, 'platform')
  @ViewsList<DirectiveView>('directives', ({ directiveId }) => `directive/${directiveId}`, ONE_OF_US)
  @apiQuery(DirectivesQuery)
  @apiPage(DirectiveView)
  async list(@CurrentCaller() caller: Caller, @Query() query: DirectivesQuery) {
    const platformId = hasRole(caller, ...DIRECTIVE_READERS) ? query.platform : caller.platform
    const state = query.state === 'overdue' ? undefined : query.state
    const filter = {
      platformId,
      accountId: query.account,
      state,
      overdue: query.state === 'overdue' ? true : query.overdue,
    }
    const found = await this.directives.list(filter, query.limit, instantCursor(query.cursor))
    return page(
      found,
      query.limit,
      (one) => [one.issuedAt.toISOString(), one._id],
      (one) => directiveView(one, caller),
    )
  }

  @Get(':id')
  @Roles(...DIRECTIVE_READERS, 'platform')
  @ViewsEvidence('directive', ONE_OF_US)
  @apiOk(DirectiveView)
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller) {
    return directiveView(await this.mustSee(id, caller), caller)
  }

  @Post(':id/receipts')
  @HttpCode(200)
  @Roles('platform')
  @Idempotent()
  @apiBody(ReceiptBody)
  @apiOk(DirectiveView)
  async receive(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: ReceiptBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    const { platformId, version } = await this.mustSee(id, { ...caller, roles: ['platform'] })
    assertFresh(ifMatch, version)
    const given = { receipt: { ...body, directiveId: id }, receivedAt: this.clock.now() }
    const [problem] = await this.receipts.take(platformId, [given])
    if (problem) {
      throw badRequest(problem.slug, problem.message, [{ path: problem.path ?? '', reason: problem.message }])
    }
    return directiveView(await this.mustSee(id, caller), caller)
  }

  @Post(':id/answer')
  @HttpCode(200)
  @Roles('moderator', 'senior')
  @Idempotent()
  @apiBody(AnswerBody)
  @apiOk(DirectiveView)
  async answer(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: AnswerBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.mustSee(id, caller))
    return directiveView(await this.answers.answer(id, caller.subject, body.text), caller)
  }

  private async mustSee(id: string, caller: Caller): Promise<DirectiveDocument> {
    const directive = await this.directives.byId(id)
    const visible =
      directive && (hasRole(caller, ...DIRECTIVE_READERS) || directive.platformId === caller.platform)
    if (!visible) throw notFound('There is no such directive.')
    return directive
  }
}
