import { Controller, Get, Query } from '@nestjs/common'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { apiOk, apiQuery } from '#libs/platform/http/openapi'
import { QualityQuery, QualityView } from './quality-view.js'
import { ReportQuality } from './report-quality.js'

/** How well people decide. */
@Controller('reports/quality')
export class QualityReportController {
  constructor(private readonly quality: ReportQuality) {}

  @Get()
  @Roles('senior', 'auditor', 'admin')
  @apiQuery(QualityQuery)
  @apiOk(QualityView)
  report(@Query() { from, to }: QualityQuery) {
    return this.quality.report(from, to)
  }
}
