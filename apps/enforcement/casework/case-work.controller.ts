import { Body, Controller, Param, Post } from '@nestjs/common'
import { Example, Instant, Optional, Text, WeirId } from '#libs/contracts/fields'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Clock } from '#libs/runtime/clock'
import { apiBody, apiOk, apiOperation, apiTag } from '#libs/runtime/http/openapi'
import type { Task } from '../ledger/cases/case-work.rules.js'
import { caseView } from './case-view.js'
import { CaseView } from './cases-api.js'
import { MergeCases } from './merge-cases.js'
import { ReopenCase } from './reopen-case.js'
import { WorkOnCases, type WorkRequest } from './work-on-cases.js'
import { AsksForWork, ChangesCase } from './work-request.decorator.js'

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

export class MergeBody extends WorkBody {
  /** The open case of the same account. */
  @Example('case_7xw5gd4n6tbv8yhc1r0p3k2mzq') @WeirId() into!: string
}

/** What operators do with a case beside deciding it. */
@Controller('cases/:id')
@apiTag('Cases')
@Roles('triage', 'moderator', 'senior')
export class CaseWorkController {
  constructor(
    private readonly work: WorkOnCases,
    private readonly reopenCase: ReopenCase,
    private readonly mergeCases: MergeCases,
    private readonly clock: Clock,
  ) {}

  @Post('claim')
  @apiOperation(
    'Claims a case for the caller.',
    'Nobody else can claim or decide it until it is released, decided, or the lease is over.',
    'One’s own again changes nothing. A case that was escalated waits for a senior.',
  )
  @ChangesCase()
  @apiOk(CaseView)
  claim(@Param('id') id: string, @AsksForWork() request: WorkRequest) {
    return this.carryOut(id, { action: 'claim' }, request)
  }

  @Post('release')
  @apiOperation(
    'Gives a claimed case back to the queue.',
    'The claimant does, or a senior. The case is open again, and anybody may claim it.',
  )
  @ChangesCase()
  @apiOk(CaseView)
  release(@Param('id') id: string, @AsksForWork() request: WorkRequest) {
    return this.carryOut(id, { action: 'release' }, request)
  }

  @Post('extend')
  @apiOperation(
    'Extends the caller’s claim on a case.',
    'The lease begins anew now. The time by which the case should be decided does not move.',
  )
  @ChangesCase()
  @apiOk(CaseView)
  extend(@Param('id') id: string, @AsksForWork() request: WorkRequest) {
    return this.carryOut(id, { action: 'extend' }, request)
  }

  @Post('snooze')
  @apiOperation(
    'Sets a case aside until an instant, seven days ahead at most.',
    'It is open, nobody has it, and it is not handed out until then.',
    'The time by which it should be decided does not move.',
  )
  @ChangesCase()
  @apiOk(CaseView)
  @apiBody(SnoozeBody)
  snooze(@Param('id') id: string, @Body() { until, note }: SnoozeBody, @AsksForWork() request: WorkRequest) {
    return this.carryOut(id, { action: 'snooze', until: new Date(until) }, { ...request, note })
  }

  @Post('reassign')
  @apiOperation(
    'Gives a case to another person.',
    'The claimant may, and a senior any case. The other has it claimed as if they had claimed it.',
  )
  @ChangesCase()
  @apiOk(CaseView)
  @apiBody(ReassignBody)
  reassign(
    @Param('id') id: string,
    @Body() { assignee, note }: ReassignBody,
    @AsksForWork() request: WorkRequest,
  ) {
    return this.carryOut(id, { action: 'reassign', to: assignee }, { ...request, note })
  }

  @Post('escalate')
  @apiOperation('Sends a case to the seniors.', 'It is open again, and only a senior can claim or decide it.')
  @ChangesCase()
  @apiOk(CaseView)
  @apiBody(WorkBody)
  escalate(@Param('id') id: string, @Body() { note }: WorkBody, @AsksForWork() request: WorkRequest) {
    return this.carryOut(id, { action: 'escalate' }, { ...request, note })
  }

  @Post('reopen')
  @apiOperation(
    'Opens a decided case again.',
    'What was decided stays in force until it is reversed or another decision takes its place.',
    'A held case is opened by refusing the decision that waits; an account has one case that waits at most.',
  )
  @ChangesCase()
  @apiOk(CaseView)
  @Roles('moderator', 'senior')
  @apiBody(WorkBody)
  async reopen(@Param('id') id: string, @Body() { note }: WorkBody, @AsksForWork() request: WorkRequest) {
    return caseView(await this.reopenCase.reopen(id, { ...request, note }), this.clock.now())
  }

  @Post('merge')
  @apiOperation(
    'Makes a decided case a part of the open one of the same account.',
    'The open one shows and decides on what is in both;',
    'the merged one is closed, and what was decided in it stands. It cannot be undone.',
  )
  @ChangesCase()
  @Roles('moderator', 'senior')
  @apiBody(MergeBody)
  @apiOk(CaseView)
  async merge(
    @Param('id') id: string,
    @Body() { into, note }: MergeBody,
    @AsksForWork() request: WorkRequest,
  ): Promise<CaseView> {
    return caseView(await this.mergeCases.merge(id, into, { ...request, note }), this.clock.now())
  }

  private async carryOut(id: string, task: Task, request: WorkRequest): Promise<CaseView> {
    return caseView(await this.work.work(id, task, request), this.clock.now())
  }
}
