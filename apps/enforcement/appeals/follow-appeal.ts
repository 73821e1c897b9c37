import { Injectable } from '@nestjs/common'
import type { Caller } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { AuditLog } from '../audit/audit-log.js'
import { viewEntry } from '../audit/evidence-views.js'
import type { AppealDocument } from './appeal.store.js'
import { OpenAppeal } from './open-appeal.js'

/** How it is followed what becomes of an appeal. */
@Injectable()
export class FollowAppeal {
  constructor(
    private readonly openAppeal: OpenAppeal,
    private readonly log: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * The appeal of a code. The owner who asks how it stands views no evidence; somebody who is logged in does so under their own
   * name, and that is entered before it is given. @throws Problem 404, the same for every code that is not one
   */
  async byCode(code: string, caller: Caller): Promise<AppealDocument> {
    const found = await this.openAppeal.byCode(code)
    if (caller.subject === '') return found
    const { platformId, accountId } = found
    const view = { subject: `appeal/${found._id}`, actor: caller.subject, platformId, accountId }
    await this.log.append([viewEntry(view, this.clock.now())])
    return found
  }
}
