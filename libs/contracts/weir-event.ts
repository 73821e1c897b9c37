import { Flag, Instant, Int, Num, OneOf, Optional, OwnId, PlatformId, Text, WeirId } from './fields.js'

/** Every change that enforcement makes known. A new kind is an addition; a changed meaning is a new topic version. */
export const WEIR_EVENT_KINDS = [
  'platform.registered',
  'platform.changed',
  'policy.drafted',
  'policy.approved',
  'policy.published',
  'bank.entry_added',
  'bank.entry_changed',
  'bank.entry_approved',
  'bank.entry_quarantined',
  'bank.entry_released',
  'bank.entry_removed',
  'case.opened',
  'case.entry_added',
  'case.claimed',
  'case.released',
  'case.extended',
  'case.snoozed',
  'case.woken',
  'case.reassigned',
  'case.escalated',
  'case.decided',
  'case.closed',
  'case.reopened',
  'case.merged',
  'decision.made',
  'decision.held',
  'decision.notice_delivered',
  'decision.notice_undelivered',
  'decision.answered',
  'decision.approved',
  'decision.refused',
  'decision.lapsed',
  'decision.reversed',
  'decision.expired',
  'strike.added',
  'strike.expired',
  'strike.reversed',
  'account.level_changed',
  'account.labelled',
  'measure.ordered',
  'measure.lifted',
  'measure.lapsed',
  'statement.issued',
  'directive.issued',
  'directive.acknowledged',
  'directive.done',
  'directive.paused',
  'directive.resumed',
  'directive.overdue',
  'directive.withdrawn',
  'appeal.opened',
  'appeal.claimed',
  'appeal.late',
  'appeal.withdrawn',
  'appeal.decided',
  'appeal.facts_given',
  'appeal.reopened',
  'review.opened',
  'review.answered',
  'golden_case.proposed',
  'golden_case.approved',
  'golden_case.retired',
  'tip_off.outcome',
  'campaign.changed',
] as const
export type WeirEventKind = (typeof WEIR_EVENT_KINDS)[number]

/** What is known of a change of state, or of a view of evidence: ids and codes only, never content. */
export class ChangeFacts {
  /** What changed, as `<noun>/<id>`; also the record's key. */
  @Text(300, 1) subject!: string
  @Instant() at!: string
  /** `system`, or the subject of the token that did it. */
  @Text(200, 1) actor!: string
  @Optional() @PlatformId() platformId?: string
  @Optional() @OwnId() accountId?: string
  @Optional() @OwnId() messageId?: string
  @Optional() @WeirId() verdictId?: string
  @Optional() @WeirId() caseId?: string
  @Optional() @WeirId() findingId?: string
  /** The case that `caseId` became a part of. */
  @Optional() @WeirId() intoCaseId?: string
  @Optional() @WeirId() decisionId?: string
  @Optional() @WeirId() directiveId?: string
  @Optional() @WeirId() statementOfReasonsId?: string
  @Optional() @WeirId() strikeId?: string
  @Optional() @WeirId() bankEntryId?: string
  /** Who has the case now. */
  @Optional() @Text(200) assignee?: string
  @Optional() @Text(60) category?: string
  @Optional() @Text(120) clause?: string
  @Optional() @Text(40) measure?: string
  @Optional() @Text(40) code?: string
  @Optional() @Int(0, 5) level?: number
  @Optional() @Int(0, 4) severity?: number
  @Optional() @Num(0, 1_000_000) points?: number
  @Optional() @Instant() until?: string
  @Optional() @Flag() automated?: boolean
  @Optional() @Text(40) policyVersion?: string
  /** Of what was published: per cent of the accounts, and the instant from which on it applies. */
  @Optional() @Int(0, 100) rollout?: number
  @Optional() @Instant() effectiveFrom?: string
}

/** One change of state on `weir.events.v1`. */
export class WeirEvent extends ChangeFacts {
  @WeirId() eventId!: string
  @OneOf(WEIR_EVENT_KINDS) kind!: WeirEventKind
}
