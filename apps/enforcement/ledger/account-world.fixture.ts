import type { Directive } from '#libs/contracts/directive'
import type { Notice } from '#libs/contracts/notice'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Policy } from '#libs/policy/policy-document'
import type { CaseChange } from './cases/case.js'
import type { DecisionRecord } from './decisions/decision.js'
import {
  type Exoneration,
  exonerationId,
  type HeldBack,
  type JudgedText,
} from './exonerations/exoneration.js'
import type { StatementOfReasons } from './statements/statement.js'
import type { AccountChange, AccountFacts, ChangeContext, MessageMeasures } from './account-draft.rules.js'
import type { AccountState, StrikeRecord } from './account-state.js'

const DAY = 86_400_000
const clause = (category: string, severity: 1 | 2 | 3 | 4, urgent = false): Policy['clauses'][string] => ({
  category,
  severity,
  urgent,
  title: { zh: '标题', en: 'Title' },
  text: { zh: '内容', en: 'Text' },
  reasons: { zh: '理由。', en: 'Reasons.' },
})

/** The numbers of SPEC 4.5, for specs. */
export const SPEC_POLICY: Policy = {
  name: 'spec',
  languages: ['zh', 'en'],
  categories: {},
  clauses: {
    'c.1': clause('fraud', 1),
    'c.2': clause('fraud', 2),
    'c.3': clause('violence', 3),
    'c.4': clause('terrorism', 4),
    'c.urgent': clause('terrorism', 4, true),
    'c.coordination': clause('coordination', 2),
  },
  thresholds: {},
  rules: [],
  exceptions: [],
  strikes: { points: { 1: 1, 2: 2, 3: 4, 4: 8 }, expiresAfter: 90 * DAY, maxAge: 30 * DAY },
  ladder: [
    { level: 1, minPoints: 1, measure: 'warn', duration: null, limits: {}, proposes: null },
    {
      level: 2,
      minPoints: 4,
      measure: 'limit',
      duration: 7 * DAY,
      limits: { forwarding: false },
      proposes: null,
    },
    { level: 3, minPoints: 8, measure: 'suspend', duration: 7 * DAY, limits: {}, proposes: null },
    { level: 4, minPoints: 16, measure: 'suspend', duration: 7 * DAY, limits: {}, proposes: 'ban' },
  ],
  automation: { maxSuspension: 7 * DAY },
  decisions: { maxSuspension: 90 * DAY },
  secondApproval: { minFollowers: 100_000, lapseAfter: 3 * DAY },
  ban: { noticeOfIntent: 3 * DAY },
  appeals: { window: 184 * DAY, undecidedSuspends: 14 * DAY },
  deadlines: {
    default: { acknowledge: 3_600_000, carryOut: DAY },
    kinds: {},
    categories: {},
    severities: {},
  },
  cases: { claimLease: 1_800_000, dueWithin: { 1: 7 * DAY, 2: 3 * DAY, 3: DAY, 4: DAY / 6 } },
  routing: [],
  evidence: { keepAfterAppeal: 31 * DAY },
}

/** An account and its collections in memory, to which changes are applied as the stores would: for specs. */
export class AccountWorld {
  state: AccountState | null = null
  /** What messages that were clear told of its followers. */
  reach: Record<string, number> = {}
  readonly strikes = new Map<string, StrikeRecord>()
  readonly decisions = new Map<string, DecisionRecord>()
  readonly entries = new Map<string, string>()
  readonly findings = new Map<string, string>()
  readonly heldBack = new Map<string, readonly HeldBack[]>()
  /** What verdicts judged, as far as a spec says. */
  readonly judged = new Map<string, JudgedText>()
  readonly exonerations = new Map<string, Exoneration>()
  readonly messages = new Map<string, MessageMeasures>()
  readonly cases: CaseChange[] = []
  readonly statements: StatementOfReasons[] = []
  readonly directives: Directive[] = []
  readonly events: WeirEvent[] = []
  readonly notices: Notice[] = []

  constructor(
    readonly mode: 'enforce' | 'observe' = 'enforce',
    readonly policies: ReadonlyMap<string, Policy> = new Map([['1', SPEC_POLICY]]),
    private readonly archiving = { over: 128, times: 2 },
  ) {}

  get facts(): AccountFacts {
    return {
      platformId: 'p1',
      accountId: 'a1',
      state: this.state,
      strikes: [...this.strikes.values()],
      decisions: [...this.decisions.values()],
      messages: [...this.messages.values()],
      shared: new Set(),
      reach: this.reach,
      judged: this.judged,
    }
  }

  context(now: Date, actor = 'system'): ChangeContext {
    return {
      now,
      actor,
      policy: SPEC_POLICY,
      policyVersion: '1',
      policies: this.policies,
      platform: { platformId: 'p1', mode: this.mode, deadlines: {} },
      exonerations: this.exonerations,
      archiving: this.archiving,
      answerUrl: (decisionId) => `http://x/answer?token=${decisionId}`,
      appealUrl: (statementId) => `http://x/appeal?token=${statementId}`,
    }
  }

  apply({ state, pending }: AccountChange): this {
    this.state = state
    for (const entry of pending) {
      if ('publish' in entry) {
        if (entry.publish === 'event') this.events.push(entry.value)
        if (entry.publish === 'notice') this.notices.push(entry.value)
        continue
      }
      switch (entry.write) {
        case 'entry':
          this.entries.set(entry.verdictId, entry.caseId)
          if (entry.heldBack) this.heldBack.set(entry.verdictId, entry.heldBack.in)
          break
        case 'exoneration': {
          const id = exonerationId(entry.value.digest, entry.value.clause)
          if (!this.exonerations.has(id)) this.exonerations.set(id, entry.value)
          break
        }
        case 'finding':
          this.findings.set(entry.versionId, entry.caseId)
          break
        case 'strike':
          this.strikes.set(entry.value.strikeId, structuredClone(entry.value))
          break
        case 'decision':
          this.decisions.set(entry.value.decisionId, structuredClone(entry.value))
          break
        case 'case':
          this.cases.push(entry.value)
          break
        case 'statement':
          this.statements.push(entry.value)
          break
        case 'directive':
          this.took(entry.value.directive)
          break
        case 'directive-change':
          break
      }
    }
    return this
  }

  private took(directive: Directive): void {
    this.directives.push(directive)
    for (const messageId of directive.messageIds) {
      const fresh = { messageId, removals: 0, removedBy: null, labels: 0, labelledBy: null }
      const message: MessageMeasures = this.messages.get(messageId) ?? fresh
      if (directive.kind === 'remove_message') {
        message.removals += 1
        message.removedBy = directive.directiveId
      } else if (directive.kind === 'label_message') {
        message.labels += 1
        message.labelledBy = directive.directiveId
      } else if (directive.kind === 'restore_message') {
        if (message.removedBy === directive.reverses) message.removedBy = null
        if (message.labelledBy === directive.reverses) message.labelledBy = null
      }
      this.messages.set(messageId, message)
    }
  }
}
