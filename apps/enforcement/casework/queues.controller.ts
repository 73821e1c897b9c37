import { Controller, Get, Query } from '@nestjs/common'
import { Optional, PlatformId } from '#libs/contracts/fields'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Clock } from '#libs/runtime/clock'
import { apiOk, apiOperation, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { PolicyStore } from '../policies/policy.store.js'
import { QueuesView } from './cases-api.js'
import { CountQueues } from './count-queues.js'

export class QueuesQuery {
  @Optional() @PlatformId() platform?: string
}

/**
 * How much waits, and how long, for each category, language, platform and route; the fullest with late cases first;
 * and by which rules of the policy in force cases are sent to a route.
 */
@Controller('queues')
@apiTag('Queues')
export class QueuesController {
  constructor(
    private readonly countQueues: CountQueues,
    private readonly policies: PolicyStore,
    private readonly clock: Clock,
  ) {}

  @Get()
  @apiOperation(
    'Counts the cases that wait, by category, language, platform and route.',
    'With the age of the oldest and how many are overdue; queues with late cases first.',
    'Also shows by which rules of the policy cases are sent to a route.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(QueuesQuery)
  @apiOk(QueuesView)
  async list(@Query() query: QueuesQuery): Promise<QueuesView> {
    const { at, queues } = await this.countQueues.count()
    const items = queues.filter(({ platformId }) => !query.platform || platformId === query.platform)
    const now = this.clock.now()
    await this.policies.refresh(now)
    return { items, nextCursor: null, countedAt: at, routing: this.policies.inForce(now).policy.routing }
  }
}
