import { derivedId } from '#libs/contracts/ids'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import { eventOf } from '../outbox/event.rules.js'
import { noticeOf } from '../outbox/notice.rules.js'
import type { Pending } from '../outbox/pending.js'
import { pendingEvent } from '../outbox/pending-event.js'
import type { AppealDecision, AppealRecord } from './appeal.js'

/** What is known of an appeal that is told. */
type Told = Pick<
  AppealRecord,
  | '_id'
  | 'platformId'
  | 'accountId'
  | 'caseId'
  | 'decisionId'
  | 'directiveId'
  | 'statementId'
  | 'measure'
  | 'category'
  | 'clause'
> &
  Partial<Pick<AppealRecord, 'earlier'>>

/** The event of a change of an appeal: ids and codes, no word of what was written. */
export function appealEvent(
  kind: Extract<WeirEventKind, `appeal.${string}`>,
  appeal: Told,
  cause: string | number,
  at: Date,
  actor: string,
  code?: string,
): Pending {
  const { platformId, accountId, caseId, decisionId, directiveId, measure, category, clause } = appeal
  // Heard again, it comes to the same states once more.
  const hearing = appeal.earlier?.length ? `${cause}/${appeal.earlier.length}` : cause
  const value = eventOf(kind, `appeal/${appeal._id}`, hearing, at, actor, {
    platformId,
    accountId,
    caseId,
    decisionId,
    directiveId,
    statementOfReasonsId: appeal.statementId,
    measure,
    ...(category ? { category } : {}),
    ...(clause ? { clause } : {}),
    ...(code ? { code } : {}),
  })
  return pendingEvent(value)
}

/** The notice of an outcome to the platform, which tells the owner. */
export function outcomeNotice(appeal: Told, decision: AppealDecision): Pending {
  const { platformId, accountId } = appeal
  const value = noticeOf(
    'appeal-decided',
    appeal.earlier?.length ? `${appeal._id}/${appeal.earlier.length}` : appeal._id,
    platformId,
    {
      platformId,
      accountId,
      appealId: appeal._id,
      outcome: decision.outcome,
      measure: appeal.measure,
      replacement: decision.replacement?.measure ?? null,
      reasons: decision.reasons,
      decisionId: appeal.decisionId,
      directiveId: appeal.directiveId,
      statementOfReasonsId: appeal.statementId,
    },
    decision.at,
  )
  return { id: derivedId('out', value.noticeId), publish: 'notice', value }
}
