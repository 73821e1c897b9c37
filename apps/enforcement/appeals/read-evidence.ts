import { Injectable } from '@nestjs/common'
import { ACCOUNT_ACTOR } from '#libs/contracts/actors'
import { Clock } from '#libs/runtime/clock'
import { AuditLog } from '../audit/audit-log.js'
import { viewEntry } from '../audit/evidence-views.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { entryView } from '../casework/case-view.js'
import { PolicyStore } from '../policies/policy.store.js'
import type { StatementOfReasons } from '../ledger/statements/statement.js'

/** One message that a measure rests on, as its author published it. */
export interface Evidence {
  messageId: string
  sentAt: string
  /** Null for what nobody may see an excerpt of. */
  text: string | null
  links: string[]
  /** It is kept no more. */
  isErased?: true
}

const MAX_SHOWN = 20
/** A statement may name thousands. */
const MAX_ASKED = 1_000

/** The messages behind a statement of reasons, for the account that published them. */
@Injectable()
export class ReadEvidence {
  constructor(
    private readonly entries: CaseEntryStore,
    private readonly policies: PolicyStore,
    private readonly log: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Each revision once, the latest first; at most twenty. The view is in the audit log before they are given, as one of
   * `actor`: the owner, or who is logged in.
   */
  async behind(statement: StatementOfReasons, actor: string = ACCOUNT_ACTOR): Promise<Evidence[]> {
    const { platformId, accountId, facts } = statement
    const verdictIds = facts.verdictIds.slice(0, MAX_ASKED)
    const messageIds = facts.messageIds.slice(0, MAX_ASKED)
    const judged = await this.entries.ofVerdicts(platformId, accountId, verdictIds, MAX_SHOWN)
    const found =
      judged.length > 0 ? judged : await this.entries.ofMessages(platformId, accountId, messageIds, MAX_SHOWN)
    await this.policies.refresh(this.clock.now())
    const under = await this.policies.since(found, this.clock.now())
    const { policy } = this.policies.inForce(this.clock.now())
    const subject = `statement/${statement.statementId}`
    await this.log.append([viewEntry({ subject, actor, platformId, accountId }, this.clock.now())])
    const byRevision = new Map(found.map((entry) => [`${entry.messageId} ${entry.revision}`, entry]))
    return [...byRevision.values()].map((entry) => {
      const { sealed } = entryView(entry, policy, under(entry))
      const { text, links, sentAt } = entry.message
      return {
        messageId: entry.messageId,
        sentAt,
        text: sealed ? null : (text ?? ''),
        links: sealed ? [] : (links ?? []),
        ...(entry.erased ? { isErased: true as const } : {}),
      }
    })
  }
}
