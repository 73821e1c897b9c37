import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { Instant, OneOf, Optional, Pattern, PlatformId, Text } from '#libs/contracts/fields'
import { ACCOUNT_STATUSES, type AccountStatus } from '#libs/contracts/measures-in-force'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent, RequestId } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch, mustBeFresh } from '#libs/runtime/http/if-match'
import {
  apiBody,
  apiCreated,
  apiOk,
  apiOperation,
  apiPage,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { badCursor, decodeCursor, type Page, page, PageQuery } from '#libs/runtime/http/paging'
import { QueryInt } from '#libs/runtime/http/query-fields'
import { ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import { type AccountDocument, AccountStore, foundBy, type FoundBy } from '../ledger/account.store.js'
import { AccountInBrief, AccountView, LABEL, LabelView, TimelineItem } from './accounts-api.js'
import { FindRelated } from './find-related.js'
import { LabelAccount } from './label-account.js'
import { ReadAccount } from './read-account.js'
import { RelatedView } from './related-view.js'

export class AccountsQuery extends PageQuery {
  @Optional() @PlatformId() platform?: string
  @Optional() @OneOf(ACCOUNT_STATUSES) status?: AccountStatus
  @Optional() @QueryInt(0, 5) minLevel?: number
  /** Prefix of the id or of the name: in the order of ids, then of names, instead of the newest first. */
  @Optional() @Text(128, 1) q?: string
}

export class LabelBody {
  @Pattern(LABEL) label!: string
  @Text(2_000, 1) reason!: string
  @Instant() expiresAt!: string
}

/** Accounts that were ever flagged. */
@Controller('accounts')
@apiTag('Accounts')
export class AccountsController {
  constructor(
    private readonly accounts: AccountStore,
    private readonly readAccount: ReadAccount,
    private readonly findRelated: FindRelated,
    private readonly labelAccount: LabelAccount,
  ) {}

  @Get()
  @apiOperation(
    'Finds accounts by platform, status, level, or the beginning of an id or name.',
    'The last changed first; with `q` in the order of ids, then of names.',
    'Accounts that were never flagged have no record here.',
  )
  @Roles('triage', 'moderator', 'senior', 'hotline', 'auditor', 'admin')
  @apiQuery(AccountsQuery)
  @apiPage(AccountInBrief)
  async list(@Query() query: AccountsQuery): Promise<Page<AccountInBrief>> {
    const { platform, status, minLevel, q, limit, cursor } = query
    const filter = { platformId: platform, status, minLevel }
    if (q === undefined) {
      const found = await this.accounts.list(filter, limit, instantCursor(cursor))
      return page(found, limit, (one) => [one.updatedAt.toISOString(), one._id], inBrief)
    }
    const found = await this.accounts.search(q, filter, limit, foundCursor(cursor))
    return page(found, limit, (one) => foundBy(q, one), inBrief)
  }

  @Get(':platform/:account')
  @apiOperation(
    'Shows an account as it stands now, with its strikes, measures and labels.',
    'Strikes that have expired or were reversed stay visible and count no more.',
    'An account that was never flagged is a 404.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiOk(AccountView)
  get(@Param('platform') platformId: string, @Param('account') accountId: string) {
    return this.readAccount.read(platformId, accountId)
  }

  @Get(':platform/:account/timeline')
  @apiOperation(
    'Lists everything that happened to an account.',
    'Verdicts, findings, strikes, decisions, directives, appeals and labels.',
    'It holds no text of a message or an appeal.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(PageQuery)
  @apiPage(TimelineItem, 'Everything that happened, newest first.')
  timeline(
    @Param('platform') platformId: string,
    @Param('account') accountId: string,
    @Query() query: PageQuery,
  ) {
    return this.readAccount.timeline(platformId, accountId, query.limit, instantCursor(query.cursor))
  }

  @Get(':platform/:account/related')
  @apiOperation(
    'Finds accounts that share links, media, texts or an owner with this one.',
    'What few accounts share counts for more than what many share. A resemblance is a hint for people:',
    'nothing follows from it by itself. The view is entered into the audit log.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(PageQuery)
  @ViewsList<RelatedView>('related', ({ platformId, accountId }) => `account/${platformId}/${accountId}`, {
    of: ({ platform, account }) => ({
      subject: `account/${platform!}/${account!}`,
      platformId: platform,
      accountId: account,
    }),
  })
  @apiPage(RelatedView, 'The closest first.')
  related(
    @Param('platform') platformId: string,
    @Param('account') accountId: string,
    @Query() query: PageQuery,
  ) {
    return this.findRelated.of(platformId, accountId, query.limit, scoreCursor(query.cursor))
  }

  @Post(':platform/:account/labels')
  @apiOperation(
    'Puts a label on an account, with a reason and an expiry.',
    'A label is a note among operators and ends by itself. It is no measure:',
    'neither the platform nor the owner is told.',
  )
  @Roles('moderator', 'senior')
  @Idempotent()
  @apiBody(LabelBody)
  @apiCreated(LabelView)
  async label(
    @Param('platform') platformId: string,
    @Param('account') accountId: string,
    @Body() body: LabelBody,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.readAccount.read(platformId, accountId))
    const given = { ...body, expiresAt: new Date(body.expiresAt) }
    return this.labelAccount.label(platformId, accountId, given, caller.subject, requestId)
  }
}

function inBrief(account: AccountDocument): AccountInBrief {
  const { platformId, accountId, status, level, points, profile, openCase, updatedAt } = account
  return {
    platformId,
    accountId,
    status,
    level,
    points,
    displayName: profile?.displayName ?? null,
    followers: profile?.followers ?? null,
    openCaseId: openCase?.caseId ?? null,
    updatedAt,
  }
}

/** @throws Problem 400 `bad-cursor` */
function scoreCursor(cursor: string | undefined): [number, string] | undefined {
  const key = decodeCursor(cursor, 2)
  if (!key) return undefined
  const [score, account] = key
  if (typeof score !== 'number') throw badCursor()
  return [score, String(account)]
}

/** @throws Problem 400 `bad-cursor` */
function foundCursor(cursor: string | undefined): FoundBy | undefined {
  const key = decodeCursor(cursor, 2)
  if (!key) return undefined
  const [by, account] = key
  if (by !== 'id' && by !== 'name') throw badCursor()
  return [by, String(account)]
}
