import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { OneOf, Optional, PlatformId, Text } from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import {
  apiAnswer,
  apiBody,
  apiCreated,
  apiOperation,
  apiPage,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { QueryFlag } from '#libs/runtime/http/query-fields'
import { ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import { type GivenReasons, Reasons } from '../casework/reasons-field.js'
import { CountsExposure } from '../exposure/count-exposure.js'
import { GiveReviews } from './give-reviews.js'
import { receiptOf, ReviewInHand, ReviewReceipt, secondReviewView, SecondReviewView } from './review-view.js'
import { ReviewStore } from './review.store.js'

export class ReviewsQuery extends PageQuery {
  @Optional() @QueryFlag() disagreement?: boolean
  @Optional() @PlatformId() platform?: string
  @Optional() @Text(60, 1) category?: string
}

export class ReviewDecisionBody {
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause?: string | null
  @Reasons() reasons!: GivenReasons
}

/** Cases that a second person decides again without knowing what was decided. */
@Controller('reviews')
@apiTag('Second reviews')
export class ReviewsController {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly giveReviews: GiveReviews,
  ) {}

  /** Those that were answered, the last answered first. */
  @Get()
  @apiOperation(
    'Lists second reviews that were answered, also by whether the two people disagree.',
    'The last answered first. Open ones are not listed. The view is entered into the audit log.',
  )
  @Roles('senior', 'auditor', 'admin')
  @ViewsList<SecondReviewView>('reviews', ({ reviewId }) => `review/${reviewId}`)
  @apiQuery(ReviewsQuery)
  @apiPage(SecondReviewView)
  async list(@Query() { limit, cursor, disagreement, platform: platformId, category }: ReviewsQuery) {
    const filter = { disagreement, platformId, category }
    const found = await this.reviews.answered(filter, limit, instantCursor(cursor))
    return page(found, limit, (one) => [one.answer!.at.toISOString(), one._id], secondReviewView)
  }

  // No kept answer under an Idempotency-Key: it would show evidence again without an audit entry. Who asks again gets the
  // review in hand anyway.
  @Post('next')
  @apiOperation(
    'Hands out a case that somebody else decided, to be decided again.',
    'It shows what was in the case, without the decision, its author and its reasons;',
    'never to who had a part in it. It is the caller’s for as long as a claim.',
    'The view is entered into the audit log.',
  )
  @HttpCode(200)
  @Roles('moderator', 'senior')
  @CountsExposure()
  @apiAnswer(200, 'A case to decide, yours until the lease lapses; the one in hand first.', ReviewInHand)
  @apiAnswer(204, 'There is none for you.')
  async next(@CurrentCaller() caller: Caller, @Res({ passthrough: true }) reply: FastifyReply) {
    const review = await this.giveReviews.next(caller.subject)
    if (review) return review
    void reply.status(204)
    return undefined
  }

  @Post(':id/decision')
  @apiOperation(
    'Answers a second review with a measure and reasons.',
    'By the policy of the first decision, any measure, whatever the role.',
    'It is kept beside the first decision and changes nothing on the account.',
  )
  @Roles('moderator', 'senior')
  @Idempotent()
  @apiBody(ReviewDecisionBody)
  @apiCreated(ReviewReceipt, 'Kept beside the first decision; nothing is changed on the account.')
  async answer(@Param('id') id: string, @CurrentCaller() caller: Caller, @Body() body: ReviewDecisionBody) {
    const { measure, clause, reasons } = body
    const given = { measure, clause: clause ?? null, reasons }
    return receiptOf(id, await this.giveReviews.answer(id, given, caller.subject))
  }
}
