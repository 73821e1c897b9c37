import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { conflict, notFound } from '#libs/runtime/http/problem'
import { eventOf } from '../outbox/event.rules.js'
import { noticeOf } from '../outbox/notice.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { standingAfter, standingOfDirective } from '../ledger/directives/directive-changes.rules.js'
import type { Stopping } from '../ledger/directives/directive-state.rules.js'
import { DirectiveStore, type DirectiveDocument } from '../ledger/directives/directive.store.js'

/** An operator answers a platform that stopped the clock; it runs on from there. */
@Injectable()
export class AnswerDirective {
  constructor(
    private readonly directives: DirectiveStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** The same answer by the same person again changes nothing. @throws Problem 404; 409 `not-paused`, or `changed` where somebody else answered meanwhile */
  async answer(directiveId: string, by: string, text: string): Promise<DirectiveDocument> {
    const directive = await this.directives.byId(directiveId)
    if (!directive) throw notFound('There is no such directive.')
    const to = standingOfDirective(directive).stoppedBy
    const last = directive.answers.at(-1)
    if (!to && last?.by === by && last.text === text) return directive
    if (!to || directive.state !== 'paused')
      throw conflict('not-paused', 'The clock of this directive is not stopped.')
    const now = this.clock.now()
    const answers = [...directive.answers, { to, at: now, by, text }]
    const set = { answers, ...standingAfter({ ...directive, answers }, now) }
    const pending = tell(directive, to, by, text, now)
    if (!(await this.directives.change(directive, set, pending))) {
      const now = await this.directives.byId(directiveId)
      const latest = now?.answers.at(-1)
      if (now && latest?.to === to && latest.by === by && latest.text === text) return now
      throw conflict('changed', 'Somebody else changed the directive; read it again.')
    }
    await this.outbox.deliver([{ _id: directiveId, pending }], this.directives.directives)
    return (await this.directives.byId(directiveId))!
  }
}

function tell(directive: DirectiveDocument, to: Stopping, by: string, text: string, now: Date): Pending[] {
  const { platformId, accountId, _id: directiveId, kind } = directive
  const facts = { platformId, accountId, directiveId, code: to }
  const event = eventOf('directive.resumed', `directive/${directiveId}`, to, now, by, facts)
  const data = { platformId, accountId, directiveId, kind, answerTo: to, text }
  const notice = noticeOf('directive-answered', `${directiveId}/${to}`, platformId, data, now)
  return [pendingEvent(event), { id: derivedId('out', notice.noticeId), publish: 'notice', value: notice }]
}
