import { Controller, Get, Query } from '@nestjs/common'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { apiOk, apiOperation, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { QualityQuery, QualityView } from './quality-view.js'
import { ReportQuality } from './report-quality.js'

/** How well people decide. */
@Controller('reports/quality')
@apiTag('Operators')
export class QualityReportController {
  constructor(private readonly quality: ReportQuality) {}

  @Get()
  @apiOperation(
    'Reports how well people decide, by category and by person.',
    'Agreement of first and second decisions with Cohen’s kappa, and accuracy on golden cases with its',
    'interval. Figures from fewer than 30 judgements are marked: they say little.',
  )
  @Roles('senior', 'auditor', 'admin')
  @apiQuery(QualityQuery)
  @apiOk(QualityView)
  report(@Query() { from, to }: QualityQuery) {
    return this.quality.report(from, to)
  }
}
