import { Injectable } from '@nestjs/common'
import { createHash } from 'node:crypto'
import { derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/platform/clock'
import { badRequest, conflict, forbidden, notFound } from '#libs/platform/http/problem'
import type { DecisionDocument } from '../decisions/decision.store.js'
import { DecisionStore } from '../decisions/decision.store.js'
import { DirectiveStore } from '../directives/directive.store.js'
import { Outbox } from '../outbox/outbox.js'
import { PolicyStore } from '../policies/policy.store.js'
import { AppealLinks } from '../statements/appeal-links.js'
import { StatementStore, type StatementDocument } from '../statements/statement.store.js'
import { isClosed } from './appeal-transitions.js'
import { appealWindowEnd } from './appeal-window.rules.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import { SettleAppeals } from './settle-appeals.js'
import { appealEvent } from './tell-appeal.rules.js'

/** What a link leads to. */
export interface LinkedStatement {
  statement: StatementDocument
  /** When the window to object ends, exclusive. */
  until: Date
  isOpen: boolean
}

/** The longest grounds of an appeal, in code points. */
export const LONGEST_APPEAL = 10_000

/** How the owner of an account objects, follows the objection, and takes it back. */
@Injectable()
export class OpenAppeal {
  constructor(
    private readonly appeals: AppealStore,
    private readonly statements: StatementStore,
    private readonly directives: DirectiveStore,
    private readonly decisions: DecisionStore,
    private readonly policies: PolicyStore,
    private readonly links: AppealLinks,
    private readonly settling: SettleAppeals,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** The statement behind a link. @throws Problem 403 `bad-link` for a token that is not ours, or has expired */
  async follow(token: string): Promise<LinkedStatement> {
    const link = await this.links.read(token)
    if (!link) throw forbidden('This is no link of ours to an appeal.', 'bad-link')
    const statement = await this.statements.byId(link.statementId)
    if (!statement) throw notFound('There is no such statement.')
    const directive = await this.directives.byId(statement.directiveId)
    const appealUntil = statement.redress.appealUntil
    const until = appealWindowEnd(
      { issuedAt: statement.issuedAt, appealUntil },
      directive?.ownerNotifiedAt ?? null,
    )
    const now = this.clock.now()
    if (now >= until && now >= link.expiresAt) throw forbidden('This link has expired.', 'bad-link')
    return { statement, until, isOpen: now < until }
  }

  /**
   * Opens an appeal and gives the code to follow it by. The same text under the same link gives the same code and opens
   * nothing anew. @throws Problem 400; 403 `bad-link`; 409 `window-over`, `nothing-to-object-to`, `undone-already`,
   * `appeal-open`
   */
  async open(token: string, given: string): Promise<string> {
    const { statement, isOpen } = await this.follow(token)
    const text = given.toWellFormed().trim()
    if (text === '') {
      throw badRequest('invalid-request', 'An appeal needs a text.', [
        { path: '/text', reason: 'must not be blank' },
      ])
    }
    const appealId = derivedId('apl', statement._id, 'account', text)
    const code = this.links.receiptCodeOf(appealId)
    const known = await this.appeals.byId(appealId)
    if (known) return this.told(known, code)
    if (!isOpen) throw conflict('window-over', 'The time to object to this measure is over.')
    const decision = await this.decisionBehind(statement)
    const appeal = await this.appealOf(appealId, statement, decision, text, code)
    if (await this.appeals.add(appeal)) return this.told(appeal, code)
    const same = await this.appeals.byId(appealId)
    if (same) return this.told(same, code)
    throw conflict('appeal-open', 'An appeal against this measure is open already.')
  }

  /** The appeal of a code. @throws Problem 404, the same for every code that is not one */
  async byCode(code: string): Promise<AppealDocument> {
    const found = await this.appeals.byReceipt(hashOf(code))
    if (!found) throw notFound('There is no appeal with this code.')
    return found
  }

  /** Takes an appeal back. Again changes nothing. @throws Problem 404; 409 `appeal-decided` */
  async withdraw(code: string): Promise<AppealDocument> {
    for (;;) {
      const found = await this.byCode(code)
      if (found.state === 'withdrawn') return this.settling.finish(found)
      if (isClosed(found.state)) throw conflict('appeal-decided', 'The appeal has been decided.')
      const now = this.clock.now()
      const set = {
        state: 'withdrawn' as const,
        openKey: null,
        nextDueAt: null,
        settled: !found.late,
        updatedAt: now,
      }
      const event = appealEvent('appeal.withdrawn', found, '', now, found.appellant)
      const changed = await this.appeals.change(found, set, [event])
      if (changed) return this.settling.finish(changed)
    }
  }

  private async told(appeal: AppealDocument, code: string): Promise<string> {
    await this.outbox.deliver([appeal], this.appeals.appeals)
    return code
  }

  private async decisionBehind(statement: StatementDocument): Promise<DecisionDocument> {
    if (statement.reverses) {
      throw conflict('nothing-to-object-to', 'This statement is about the end of a measure.')
    }
    const decision = await this.decisions.byId(statement.decisionId)
    if (decision?.state === 'in_force' || decision?.state === 'expired') return decision
    throw conflict('undone-already', 'The measure has been undone already.')
  }

  private async appealOf(
    appealId: string,
    statement: StatementDocument,
    decision: DecisionDocument,
    text: string,
    code: string,
  ): Promise<AppealDocument> {
    const now = this.clock.now()
    await this.policies.refresh(now)
    const { policy } = this.policies.inForce(now)
    const appeal: AppealDocument = {
      _id: appealId,
      platformId: statement.platformId,
      accountId: statement.accountId,
      statementId: statement.statementId,
      directiveId: statement.directiveId,
      decisionId: decision.decisionId,
      caseId: decision.caseId,
      measure: statement.measure,
      category: statement.ground.category,
      clause: statement.ground.clause,
      appellant: 'account',
      text,
      state: 'open',
      late: false,
      openedAt: now,
      updatedAt: now,
      claimedBy: null,
      claimedAt: null,
      decision: null,
      settled: true,
      openKey: `${statement.statementId}/account`,
      receiptHash: hashOf(code),
      nextDueAt: new Date(now.getTime() + policy.appeals.undecidedSuspends),
      version: 1,
      pending: [],
      outboxAt: new Date(),
    }
    return { ...appeal, pending: [appealEvent('appeal.opened', appeal, '', now, appeal.appellant)] }
  }
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}
