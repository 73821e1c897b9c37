import { Controller, Get, Query } from '@nestjs/common'
import { Flag, Instant, Int, Many, One, Optional, Text } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { apiOk, apiOperation, apiPage, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { decodeCursor, page, PageQuery } from '#libs/runtime/http/paging'
import { OwnQualityView, QualityQuery } from './quality-view.js'
import { ReadExposure } from '../exposure/read-exposure.js'
import { ReportQuality } from './report-quality.js'

export class ExposureQuery extends PageQuery {}

export class ShownView {
  @Text(60, 1) category!: string
  @Int(0, 4) severity!: number
  @Int(0) views!: number
  @Int(0) messages!: number
}

export class ExposureSpanView {
  /** The first day, from midnight UTC. */
  @Instant() since!: Date
  @Int(0) views!: number
  @Int(0) messages!: number
  /** Of severity 3 and 4: what the daily limit counts. */
  @Int(0) graveMessages!: number
  @Many(() => ShownView, 1_000) by!: ShownView[]
}

export class ExposureView {
  @Text(200, 1) operator!: string
  /** Grave messages in a day; null: no limit is set. */
  @Optional() @Int(1) dailyLimit!: number | null
  /** `next` hands out nothing grave until tomorrow. */
  @Flag() overLimit!: boolean
  @One(() => ExposureSpanView) today!: ExposureSpanView
  @One(() => ExposureSpanView) sevenDays!: ExposureSpanView
}

/** What people who look at evidence were shown, and how well they do. */
@Controller('operators')
@apiTag('Operators')
export class OperatorsController {
  constructor(
    private readonly exposure: ReadExposure,
    private readonly quality: ReportQuality,
  ) {}

  @Get('me/exposure')
  @apiOperation(
    'Shows how much evidence the caller was shown today and in seven days.',
    'By category and severity, with the daily limit of grave messages where one is set.',
  )
  @Roles('triage', 'moderator', 'senior')
  @apiOk(ExposureView)
  async ownExposure(@CurrentCaller() caller: Caller) {
    const [own] = await this.exposure.of([caller.subject])
    return own!
  }

  @Get('me/quality')
  @apiOperation(
    'Shows how often others agreed with the caller’s decisions.',
    'Agreement in second reviews and accuracy on golden cases, up to last midnight, so that no figure gives',
    'away which review was golden.',
  )
  @Roles('triage', 'moderator', 'senior')
  @apiQuery(QualityQuery)
  @apiOk(OwnQualityView)
  ownQuality(@CurrentCaller() caller: Caller, @Query() { from, to }: QualityQuery) {
    return this.quality.own(caller.subject, from, to)
  }

  /** Everyone who was shown something in the last seven days, by name. */
  @Get('exposure')
  @apiOperation(
    'Lists how much evidence each person was shown.',
    'Everyone who was shown something in the last seven days, by name.',
    'It counts what was hard to look at, not how much work was done.',
  )
  @Roles('senior', 'auditor', 'admin')
  @apiQuery(ExposureQuery)
  @apiPage(ExposureView)
  async allExposure(@Query() { limit, cursor }: ExposureQuery) {
    const after = decodeCursor(cursor, 1)?.[0]
    const found = await this.exposure.recent(limit, after === undefined ? undefined : String(after))
    return page(found, limit, ({ operator }) => [operator])
  }
}
