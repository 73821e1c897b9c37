import { Injectable } from '@nestjs/common'
import { createHash, randomUUID } from 'node:crypto'
import { ACCOUNT_ACTOR } from '#libs/contracts/actors'
import { derivedId } from '#libs/contracts/ids'
import { type Caller, NOBODY } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { conflict, forbidden, notFound, unprocessable } from '#libs/runtime/http/problem'
import type { DecisionDocument } from '../ledger/decisions/decision.store.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { DirectiveStore } from '../ledger/directives/directive.store.js'
import { Outbox } from '../outbox/outbox.js'
import { PolicyStore } from '../policies/policy.store.js'
import { AppealLinks } from '../ledger/statements/appeal-links.js'
import { StatementStore, type StatementDocument } from '../ledger/statements/statement.store.js'
import { actsForOwner } from './acts-for-owner.rules.js'
import { appealWindowEnd } from '../ledger/statements/appeal-window.rules.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import { givenText } from './given-text.js'
import { canWithdraw, type Hindrance, hindranceTo, measureKeyOf, MAX_OPENINGS } from './one-appeal.rules.js'
import { SettleAppeals } from './settle-appeals.js'
import { appealEvent } from './tell-appeal.rules.js'
import { Rounds } from '../store/rounds.js'

/** What a link leads to. */
export interface LinkedStatement {
  statement: StatementDocument
  /** When the window to object ends, exclusive. */
  until: Date
  /** Why nobody can object now, as the slug of the problem; null where the owner can. */
  hindrance: Hindrance | 'window-over' | null
}

/** The longest grounds of an appeal, in code points. */
export const LONGEST_APPEAL = 10_000
/** A key of the client that is shorter can be guessed, and counts for nothing. */
export const SHORTEST_KEY = 16

/** Who opens an appeal. `key`: a secret of theirs, under which the same request gives the same code again. */
export interface Opening {
  caller?: Caller
  key?: string
}

const HINDRANCES: Readonly<Record<Hindrance, string>> = {
  'already-decided':
    'The appeal against this measure has been decided. You may turn to a court or to an out-of-court dispute settlement body. New facts can be sent under the receipt code of the appeal.',
  'appeal-open': 'An appeal against this measure is open already.',
  'too-many-appeals': `This measure was appealed against ${MAX_OPENINGS} times. You may turn to a court or to an out-of-court dispute settlement body.`,
}

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
    const { statement, until, isOver } = await this.linked(token)
    const earlier = await this.appeals.against(statement.directiveId, measureKeyOf(statement))
    const hindrance = hindranceTo(statement.decisionId, earlier) ?? (isOver ? 'window-over' : null)
    return { statement, until, hindrance }
  }

  /**
   * Opens an appeal and gives the code to follow it by. Under the same key the same code is given again and nothing is opened
   * anew; to nobody else is a code ever given again. @throws Problem 400; 403 `bad-link`, `not-the-owner`; 409
   * `already-decided`, `appeal-open`, `too-many-appeals`, `window-over`, `nothing-to-object-to`, `undone-already`; 422
   * `idempotency-key-reused`
   */
  async open(token: string, given: string, { caller = NOBODY, key = '' }: Opening = {}): Promise<string> {
    const { statement, isOver } = await this.linked(token)
    const text = givenText(given)
    assertActsForOwner(caller, statement.platformId)
    const isKept = key.length >= SHORTEST_KEY
    const appealId = isKept
      ? this.links.appealIdOf(statement._id, key)
      : derivedId('apl', statement._id, randomUUID())
    const code = this.links.receiptCodeOf(appealId)
    for (const rounds = new Rounds('The appeal'); ; rounds.next()) {
      const known = isKept ? await this.appeals.byId(appealId) : null
      if (known) return this.again(known, text, code)
      const earlier = await this.appeals.against(statement.directiveId, measureKeyOf(statement))
      // The same request, at the same moment, was faster.
      if (isKept && earlier.some(({ _id }) => _id === appealId)) continue
      const hindrance = hindranceTo(statement.decisionId, earlier)
      if (hindrance) throw conflict(hindrance, HINDRANCES[hindrance])
      if (isOver) throw conflict('window-over', 'The time to object to this measure is over.')
      const decision = await this.decisionBehind(statement)
      const appeal = await this.appealOf(appealId, statement, decision, text, code)
      const placed = placedAfter(earlier, appeal, actorOf(caller))
      if (await this.appeals.add(placed)) return this.told(placed, code)
      // Somebody else was faster: what they opened stands in the way now, or is this one.
    }
  }

  /** The appeal of a code, for who may act for the owner. @throws Problem 404; 403 `not-the-owner` */
  async byOwnersCode(code: string, caller: Caller): Promise<AppealDocument> {
    const found = await this.byCode(code)
    assertActsForOwner(caller, found.platformId)
    return found
  }

  /** The appeal of a code. @throws Problem 404, the same for every code that is not one */
  async byCode(code: string): Promise<AppealDocument> {
    const found = await this.appeals.byReceipt(hashOf(code))
    if (!found) throw notFound('There is no appeal with this code.')
    return found
  }

  /** Takes an appeal back. Again changes nothing. @throws Problem 404; 403 `not-the-owner`; 409 `appeal-decided` */
  async withdraw(code: string, caller: Caller = NOBODY): Promise<AppealDocument> {
    for (const rounds = new Rounds('The appeal'); ; rounds.next()) {
      const found = await this.byOwnersCode(code, caller)
      if (found.state === 'withdrawn') return this.settling.finish(found)
      if (!canWithdraw(found)) throw conflict('appeal-decided', 'The appeal has been decided.')
      const now = this.clock.now()
      const set = {
        state: 'withdrawn' as const,
        openKey: null,
        nextDueAt: null,
        settled: !found.late,
        updatedAt: now,
      }
      const event = appealEvent('appeal.withdrawn', found, '', now, actorOf(caller))
      const changed = await this.appeals.change(found, set, [event])
      if (changed) return this.settling.finish(changed)
    }
  }

  private async linked(token: string) {
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
    return { statement, until, isOver: now >= until }
  }

  private async again(known: AppealDocument, text: string, code: string): Promise<string> {
    if (known.text === text) return this.told(known, code)
    throw unprocessable('idempotency-key-reused', 'This Idempotency-Key was used with another request.')
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
  ): Promise<Unplaced> {
    const now = this.clock.now()
    await this.policies.refresh(now)
    const { policy } = this.policies.inForce(now)
    return {
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
      appellant: ACCOUNT_ACTOR,
      text,
      facts: [],
      factsWaiting: false,
      state: 'open',
      late: false,
      openedAt: now,
      updatedAt: now,
      claimedBy: null,
      claimedAt: null,
      decision: null,
      earlier: [],
      settled: true,
      measureKey: measureKeyOf(statement),
      receiptHash: hashOf(code),
      nextDueAt: new Date(now.getTime() + policy.appeals.undecidedSuspends),
      version: 1,
      pending: [],
      outboxAt: new Date(),
    }
  }
}

type Unplaced = Omit<AppealDocument, 'measureRoot' | 'turn' | 'openKey'>

/** The appeal in its turn behind those that were seen; of two that saw the same, one is added. */
function placedAfter(earlier: readonly AppealDocument[], appeal: Unplaced, actor: string): AppealDocument {
  const measureRoot = earlier[0]?.measureRoot ?? `${appeal.directiveId}/${appeal.appellant}`
  return {
    ...appeal,
    measureRoot,
    openKey: measureRoot,
    turn: `${measureRoot}/${earlier.length}`,
    pending: [appealEvent('appeal.opened', appeal, '', appeal.openedAt, actor)],
  }
}

/** Under which name it is written down what was done under a link or a code: that of who is logged in, else the owner's. */
export function actorOf({ subject }: Caller): string {
  return subject === '' ? ACCOUNT_ACTOR : subject
}

/** @throws Problem 403 `not-the-owner` */
function assertActsForOwner(caller: Caller, platformId: string): void {
  if (actsForOwner(caller, platformId)) return
  throw forbidden('Only the owner of the account, or its platform for them, may do this.', 'not-the-owner')
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}
