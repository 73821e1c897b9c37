import { Controller, Get, Query } from '@nestjs/common'
import { Optional, PlatformId } from '#libs/contracts/fields'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { Clock } from '#libs/platform/clock'
import { apiQuery } from '#libs/platform/http/openapi'
import { CaseStore } from './case.store.js'

export class QueuesQuery {
  @Optional() @PlatformId() platform?: string
}

/** How much waits, and how long, for each category, language, platform and route; the fullest with late cases first. */
@Controller('queues')
export class QueuesController {
  constructor(
    private readonly cases: CaseStore,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(QueuesQuery)
  async list(@Query() query: QueuesQuery) {
    const items = await this.cases.queues(this.clock.now(), query.platform)
    return { items, nextCursor: null }
  }
}
