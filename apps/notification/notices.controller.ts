import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { NOTICE_STATES } from '#libs/contracts/notice'
import { OneOf, Optional, PlatformId, Text } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { apiAnswer, apiOk, apiOperation, apiPage, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { decodeCursor, page, type Page, PageQuery } from '#libs/runtime/http/paging'
import { badRequest, notFound } from '#libs/runtime/http/problem'
import type { DeliveryState } from './delivery.js'
import { DeliveryStore } from './delivery.store.js'
import { NoticePreview, NoticeView, Redelivery, toView } from './notices-api.js'
import { previewOf } from './preview-template.rules.js'
import { RedeliverNotice } from './redeliver-notice.js'
import { TellViews } from './tell-views.js'

export class NoticesQuery extends PageQuery {
  @Optional() @OneOf(NOTICE_STATES) state?: DeliveryState
  @Optional() @PlatformId() platform?: string
}

export class PreviewQuery {
  /** `zh`, `en`; all when absent. */
  @Optional() @Text(35) language?: string
}

/** Notices on their way: one item for each addressee and channel. */
@Controller('notices')
@apiTag('Notices')
export class NoticesController {
  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly redelivery: RedeliverNotice,
    private readonly views: TellViews,
  ) {}

  @Get()
  @apiOperation(
    'Lists deliveries of notices and what became of each.',
    'One item for each addressee and channel. A delivery that failed or expired is not tried again by itself.',
    'The audit log records whose notices were shown.',
  )
  @Roles('admin', 'auditor')
  @apiQuery(NoticesQuery)
  @apiPage(NoticeView, 'Newest first.')
  async list(@Query() query: NoticesQuery, @CurrentCaller() caller: Caller): Promise<Page<NoticeView>> {
    const { state, limit, platform: platformId } = query
    const filter = { ...(state ? { state } : {}), ...(platformId !== undefined ? { platformId } : {}) }
    const found = await this.deliveries.list(filter, afterOf(query.cursor), limit)
    const shown = page(found, limit, (one) => [one.createdAt.toISOString(), one._id], toView)
    await this.views.ofNotices(caller.subject, shown.items)
    return shown
  }

  @Post(':id/redeliver')
  @apiOperation(
    'Sends a delivery, or every delivery of a notice, once more.',
    'Takes the id of either. A whole notice also goes to the addresses that its platform got since.',
    'Ids and content stay the same, so that receivers can tell a repeat.',
  )
  @HttpCode(202)
  @Roles('admin')
  @Idempotent()
  @apiAnswer(202, 'They are sent again, under the same ids.', Redelivery)
  async redeliver(@Param('id') id: string): Promise<Redelivery> {
    return { deliveries: await this.redelivery.redeliver(id) }
  }

  @Get('templates/:name/preview')
  @apiOperation(
    'Shows the text of a template with sample values.',
    'In the language asked for, or in all that the template has. Nothing is sent.',
  )
  @Roles('admin', 'auditor')
  @apiQuery(PreviewQuery)
  @apiOk(NoticePreview, 'The text with sample values.')
  preview(@Param('name') name: string, @Query() query: PreviewQuery): NoticePreview {
    const preview = previewOf(name, query.language)
    if (!preview) throw notFound('There is no template of this name.')
    return preview
  }
}

function afterOf(cursor: string | undefined): { createdAt: Date; id: string } | null {
  const key = decodeCursor(cursor, 2)
  if (!key) return null
  const createdAt = new Date(key[0]!)
  if (Number.isNaN(createdAt.getTime()))
    throw badRequest('bad-cursor', 'The cursor is not one that this list gave out.')
  return { createdAt, id: String(key[1]) }
}
