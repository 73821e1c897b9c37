import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common'
import { Instant, Optional, Text } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '#libs/platform/auth/caller'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { Clock } from '#libs/platform/clock'
import { Idempotent, RequestId } from '#libs/platform/http/idempotency'
import { IfMatch } from '#libs/platform/http/if-match'
import { apiBody } from '#libs/platform/http/openapi'
import { caseView } from './case-view.js'
import { ReopenCase } from './reopen-case.js'
import { WorkOnCases } from './work-on-cases.js'

export class WorkBody {
  /** Kept with the case. */
  @Optional() @Text(10_000, 1) note?: string
}

export class SnoozeBody extends WorkBody {
  /** At most seven days ahead. */
  @Instant() until!: string
}

export class ReassignBody extends WorkBody {
  /** The subject of who is to have the case. */
  @Text(200, 1) assignee!: string
}

/** What operators do with a case beside deciding it. */
@Controller('cases/:id')
export class CaseWorkController {
  constructor(
    private readonly work: WorkOnCases,
    private readonly reopenCase: ReopenCase,
    private readonly clock: Clock,
  ) {}

  @Post('extend')
  @HttpCode(200)
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  async extend(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @IfMatch() ifMatch: number | undefined,
  ) {
    const changed = await this.work.work(id, { action: 'extend' }, { caller, requestId, ifMatch })
    return caseView(changed, this.clock.now())
  }

  @Post('snooze')
  @HttpCode(200)
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  @apiBody(SnoozeBody)
  async snooze(
    @Param('id') id: string,
    @Body() body: SnoozeBody,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @IfMatch() ifMatch: number | undefined,
  ) {
    const task = { action: 'snooze' as const, until: new Date(body.until) }
    const changed = await this.work.work(id, task, { caller, requestId, ifMatch, note: body.note })
    return caseView(changed, this.clock.now())
  }

  @Post('reassign')
  @HttpCode(200)
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  @apiBody(ReassignBody)
  async reassign(
    @Param('id') id: string,
    @Body() body: ReassignBody,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @IfMatch() ifMatch: number | undefined,
  ) {
    const task = { action: 'reassign' as const, to: body.assignee }
    const changed = await this.work.work(id, task, { caller, requestId, ifMatch, note: body.note })
    return caseView(changed, this.clock.now())
  }

  @Post('escalate')
  @HttpCode(200)
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  @apiBody(WorkBody)
  async escalate(
    @Param('id') id: string,
    @Body() body: WorkBody,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @IfMatch() ifMatch: number | undefined,
  ) {
    const request = { caller, requestId, ifMatch, note: body.note }
    return caseView(await this.work.work(id, { action: 'escalate' }, request), this.clock.now())
  }

  @Post('reopen')
  @HttpCode(200)
  @Roles('moderator', 'senior')
  @Idempotent()
  @apiBody(WorkBody)
  async reopen(
    @Param('id') id: string,
    @Body() body: WorkBody,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @IfMatch() ifMatch: number | undefined,
  ) {
    const request = { caller, requestId, ifMatch, note: body.note }
    return caseView(await this.reopenCase.reopen(id, request), this.clock.now())
  }
}
