import { Injectable } from '@nestjs/common'
import { codePoints } from '#libs/contracts/fields'
import { badRequest, conflict, forbidden, notFound } from '#libs/runtime/http/problem'
import { clauseOf } from '#libs/policy/policy-document'
import { AccountLedger } from '../ledger/account-ledger.js'
import { applyAnswer } from '../ledger/apply-notice.rules.js'
import type { IntentAnswer } from '../ledger/decisions/decision.js'
import { DecisionStore, type DecisionDocument } from '../ledger/decisions/decision.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { AnswerLinks } from '../ledger/statements/answer-links.js'
import type { IntendedBan } from './intended-ban.js'

/** The longest answer, in code points. */
export const LONGEST_ANSWER = 10_000

/** How the owner of an account answers to an intended ban before it begins. */
@Injectable()
export class AnswerIntent {
  constructor(
    private readonly decisions: DecisionStore,
    private readonly policies: PolicyStore,
    private readonly ledger: AccountLedger,
    private readonly links: AnswerLinks,
  ) {}

  /** What a link is about. @throws Problem 403 `bad-link` for a token that is not ours; 404; 409 `not-held` */
  async follow(token: string): Promise<IntendedBan> {
    const decision = await this.behind(token)
    if (decision.state !== 'held') throw notHeld()
    const policies = await this.policies.byVersions([decision.policyVersion])
    const policy = policies.get(decision.policyVersion)
    const { platformId, accountId, measure, category, clause, reasons, at, intent, hold, answer } = decision
    const cited = policy && clause !== null ? clauseOf(policy, clause) : null
    return {
      platformId,
      accountId,
      measure,
      category,
      clause,
      clauseTitle: cited?.title ?? null,
      clauseText: cited?.text ?? null,
      reasons,
      decidedAt: at,
      // Before it is known to have arrived, the hours have not begun.
      until: intent?.deliveredAt ? (hold?.notBefore ?? null) : null,
      hours: policy ? policy.ban.noticeOfIntent / 3_600_000 : 72,
      isOpen: answer === undefined,
    }
  }

  /**
   * Records the answer, once for a decision: the same text again changes nothing.
   * @throws Problem 400; 403 `bad-link`; 404; 409 `not-held` where nothing waits any more, `answered-already` for another text
   */
  async answer(token: string, given: string): Promise<IntentAnswer> {
    const decision = await this.behind(token)
    const text = textOf(given)
    if (!decision.answer) await this.record(decision, text)
    const { answer } = (await this.decisions.byId(decision.decisionId))!
    if (!answer) throw notHeld()
    if (answer.text !== text)
      throw conflict('answered-already', 'There is an answer to this already, and it stays as it is.')
    return answer
  }

  private async behind(token: string): Promise<DecisionDocument> {
    const decisionId = await this.links.read(token)
    if (decisionId === null) throw forbidden('This is no link of ours to an intended ban.', 'bad-link')
    const decision = await this.decisions.byId(decisionId)
    if (!decision) throw notFound('There is no such decision.')
    return decision
  }

  private async record(decision: DecisionDocument, text: string): Promise<void> {
    const { decisionId, platformId, accountId, messages } = decision
    await this.ledger.change([
      {
        platformId,
        accountId,
        actor: 'account',
        decisionIds: [decisionId],
        messageIds: messages.map((message) => message.messageId),
        make: (facts, context) => {
          const current = facts.decisions.find((found) => found.decisionId === decisionId)!
          if (current.state !== 'held' || current.answer) return null
          return applyAnswer(facts, decisionId, text, context)
        },
      },
    ])
  }
}

/** @throws Problem 400 for a text that is none */
function textOf(given: string): string {
  const problem = problemWith(given)
  if (problem)
    throw badRequest('invalid-request', 'An answer needs a text.', [{ path: '/text', reason: problem }])
  return given.trim()
}

function problemWith(given: string): string | null {
  if (given.trim() === '') return 'must not be blank'
  if (!given.isWellFormed()) return 'must be well-formed Unicode'
  return codePoints(given) > LONGEST_ANSWER ? `must have at most ${LONGEST_ANSWER} characters` : null
}

function notHeld(): Error {
  return conflict('not-held', 'The decision waits no more; an appeal is the way to object to a measure.')
}
