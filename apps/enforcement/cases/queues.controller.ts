import { Controller, Get, Query } from '@nestjs/common'
import { Optional, PlatformId } from '#libs/contracts/fields'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { apiOk, apiQuery } from '#libs/platform/http/openapi'
import { QueuesView } from './cases-api.js'
import { CountQueues } from './count-queues.js'

export class QueuesQuery {
  @Optional() @PlatformId() platform?: string
}

/** How much waits, and how long, for each category, language, platform and route; the fullest with late cases first. */
@Controller('queues')
export class QueuesController {
  constructor(private readonly countQueues: CountQueues) {}

  @Get()
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(QueuesQuery)
  @apiOk(QueuesView)
  async list(@Query() query: QueuesQuery): Promise<QueuesView> {
    const { at, queues } = await this.countQueues.count()
    const items = queues.filter(({ platformId }) => !query.platform || platformId === query.platform)
    return { items, nextCursor: null, countedAt: at }
  }
}
