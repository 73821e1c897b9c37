import { Injectable } from '@nestjs/common'
import { accountKey, derivedId } from '#libs/contracts/ids'
import { strikeIdOf } from '../ledger/account-state.js'
import { isClosed } from '../appeals/appeal-transitions.js'
import { AppealStore, type KeepingAppeal } from '../appeals/appeal.store.js'
import { type CaseEntry, type CaseRecord, partsOf } from '../ledger/cases/case.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { type AnsweredDecision, DecisionStore } from '../ledger/decisions/decision.store.js'
import { DirectiveStore, type MeasureOrder } from '../ledger/directives/directive.store.js'
import type { FindingRecord } from '../ledger/findings/finding.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { StatementStore } from '../ledger/statements/statement.store.js'
import type { EvidenceFacts, HeardAppeal, RestingMeasure } from '../ledger/evidence-time.rules.js'

/** An entry, as far as it matters for how long it is needed. */
export type FiledEntry = Pick<CaseEntry, '_id' | 'platformId' | 'accountId' | 'messageId'> & {
  caseId: string
  addedAt: Date
}
export type FiledFinding = Pick<FindingRecord, '_id'> & { caseId: string; addedAt: Date }

/** A case with all that is filed with it. */
interface File {
  undecided: boolean
  /** Itself, what it is a part of, and what is a part of that. */
  caseIds: readonly string[]
}

/** Reads what says how long evidence is needed, in a fixed number of queries for any number of pieces. */
@Injectable()
export class ReadEvidenceFacts {
  constructor(
    private readonly cases: CaseStore,
    private readonly findings: FindingStore,
    private readonly decisions: DecisionStore,
    private readonly directives: DirectiveStore,
    private readonly statements: StatementStore,
    private readonly appeals: AppealStore,
  ) {}

  /** By verdict. */
  async ofEntries(entries: readonly FiledEntry[]): Promise<Map<string, EvidenceFacts>> {
    const keys = [...new Set(entries.map(keyOf))]
    const accountIds = [...new Set(entries.map(({ accountId }) => accountId))]
    const messageIds = [...new Set(entries.map(({ messageId }) => messageId))]
    const named = await this.findings.namingAccounts(accountIds)
    const shownIn = new Map<string, string[]>()
    for (const { caseId, members } of named) {
      for (const member of members)
        for (const messageId of member.messageIds) add(shownIn, `${keyOf(member)}/${messageId}`, caseId!)
    }
    const casesOf = (entry: FiledEntry) => [entry.caseId, ...(shownIn.get(nameOf(entry)) ?? [])]
    const files = await this.filesOf(entries.flatMap(casesOf))
    const caseIds = [...new Set([...files.values()].flatMap((file) => file.caseIds))]
    const strikes = new Map(
      entries.map((entry) => [strikeIdOf(entry.platformId, entry.accountId, entry.messageId), nameOf(entry)]),
    )
    const [byPeople, steps] = await Promise.all([
      this.decisions.byPeople(caseIds, keys),
      this.decisions.stepsCounting([...strikes.keys()]),
    ])
    const stepOrders = steps.flatMap(({ directiveIds }) => directiveIds)
    const orders = await this.directives.measuresOn(keys, messageIds, stepOrders)
    const { measures, others } = await this.objections(orders, accountIds, caseIds)
    const restingOn = new Map<string, Set<RestingMeasure>>()
    for (const { _id, accountKey: key, messageIds: about } of orders)
      for (const messageId of about)
        for (const measure of measures.get(_id)!) addOne(restingOn, `${key}/${messageId}`, measure)
    for (const { strikesCounted, directiveIds } of steps) {
      for (const strikeId of strikesCounted) {
        const name = strikes.get(strikeId)
        if (name === undefined) continue
        for (const id of directiveIds)
          for (const measure of measures.get(id) ?? []) addOne(restingOn, name, measure)
      }
    }
    return new Map(
      entries.map((entry) => {
        const own = casesOf(entry).map((caseId) => files.get(caseId)!)
        const ids = new Set(own.flatMap((file) => file.caseIds))
        const facts: EvidenceFacts = {
          addedAt: entry.addedAt,
          undecided: own.some((file) => file.undecided),
          decidedAt: byPeople
            .filter(
              ({ caseId, accountKey: key, at }) =>
                ids.has(caseId) && key === keyOf(entry) && at >= entry.addedAt,
            )
            .map(({ at }) => at),
          measures: [...(restingOn.get(nameOf(entry)) ?? [])],
          otherAppeals: others.filter(({ caseId }) => ids.has(caseId)).map(heard),
        }
        return [entry._id, facts]
      }),
    )
  }

  /** By version. */
  async ofFindings(findings: readonly FiledFinding[]): Promise<Map<string, EvidenceFacts>> {
    const facts = new Map<string, EvidenceFacts>()
    const files = await this.filesOf(findings.map(({ caseId }) => caseId))
    for (const [caseId, some] of Map.groupBy(findings, (finding) => finding.caseId)) {
      const { undecided, caseIds } = files.get(caseId)!
      const made = undecided ? [] : await this.decisions.byPeople(caseIds)
      const orders = await this.directives.measuresOn(
        [],
        [],
        made.flatMap(({ directiveIds }) => directiveIds),
      )
      const accountIds = [...new Set(made.map(({ accountKey: key }) => key.slice(key.indexOf('/') + 1)))]
      const { measures, others } = await this.objections(orders, accountIds, caseIds)
      for (const { _id, addedAt } of some) {
        facts.set(_id, {
          addedAt,
          undecided,
          decidedAt: made.filter(({ at }) => at >= addedAt).map(({ at }) => at),
          measures: [...measures.values()].flat(),
          otherAppeals: others.map(heard),
        })
      }
    }
    return facts
  }

  /** By appeal: the measure that its statement is about; nothing where it is against none. */
  async measuresOf(
    appeals: readonly { _id: string; directiveId: string | null; statementId: string | null }[],
  ): Promise<Map<string, Omit<RestingMeasure, 'appeals'>>> {
    const [orders, windows] = await Promise.all([
      this.directives.measuresOn(
        [],
        [],
        appeals.flatMap(({ directiveId }) => directiveId ?? []),
      ),
      this.statements.windowsOf(appeals.flatMap(({ statementId }) => statementId ?? [])),
    ])
    const notified = new Map(orders.map(({ _id, ownerNotifiedAt }) => [_id, ownerNotifiedAt]))
    return new Map(
      appeals.flatMap(({ _id, directiveId, statementId }) => {
        const window = windows.get(statementId ?? '')
        return window
          ? [[_id, { ...window, ownerNotifiedAt: notified.get(directiveId ?? '') ?? null }] as const]
          : []
      }),
    )
  }

  /** What owners said to what was intended is needed as the evidence of what came of it. By decision. */
  async ofAnswers(decisions: readonly AnsweredDecision[]): Promise<Map<string, EvidenceFacts>> {
    const orders = await this.directives.measuresOn(
      [],
      [],
      decisions.flatMap(({ directiveIds }) => directiveIds),
    )
    const { measures } = await this.objections(
      orders,
      decisions.map(({ accountId }) => accountId),
      [],
    )
    return new Map(
      decisions.map(({ _id, answer, state, directiveIds }) => {
        const resting = directiveIds.flatMap((id) => measures.get(id) ?? [])
        const undecided = state === 'held'
        return [_id, { addedAt: answer.at, undecided, decidedAt: [], measures: resting, otherAppeals: [] }]
      }),
    )
  }

  /** Measures by directive, with the objections to each; and the objections of others. */
  private async objections(
    orders: readonly MeasureOrder[],
    accountIds: readonly string[],
    caseIds: readonly string[],
  ): Promise<{ measures: Map<string, RestingMeasure[]>; others: KeepingAppeal[] }> {
    const joined = await this.joinedStatements(orders)
    const statementIds = orders.flatMap(({ _id, statementId }) => [statementId, ...(joined.get(_id) ?? [])])
    const [windows, appeals] = await Promise.all([
      this.statements.windowsOf(statementIds),
      this.appeals.keeping(accountIds, statementIds, caseIds),
    ])
    const against = Map.groupBy(appeals, ({ statementId }) => statementId)
    const measures = new Map<string, RestingMeasure[]>()
    for (const { _id, issuedAt, ownerNotifiedAt, statementId } of orders) {
      const all = [statementId, ...(joined.get(_id) ?? []).filter((id) => windows.has(id))]
      const resting = all.map((id): RestingMeasure => {
        // A statement is written with its directive: where it is not there yet, the window is the shortest there is.
        const window = windows.get(id) ?? { issuedAt, appealUntil: issuedAt }
        return { ...window, ownerNotifiedAt, appeals: (against.get(id) ?? []).map(heard) }
      })
      measures.set(_id, resting)
    }
    const others = appeals.filter(({ appellant }) => (appellant as string) !== 'account')
    return { measures, others }
  }

  /** By directive: the statements that decisions may have which joined it while it was in force. */
  private async joinedStatements(orders: readonly MeasureOrder[]): Promise<Map<string, string[]>> {
    const joined = new Map<string, string[]>()
    const decisions = await this.decisions.standingOn(orders.map(({ _id }) => _id))
    for (const { _id, directiveIds } of decisions)
      for (const directiveId of directiveIds) add(joined, directiveId, derivedId('sor', directiveId, _id))
    return joined
  }

  /** By case: the file that it belongs to. A case that is not written yet is not decided. */
  private async filesOf(caseIds: readonly string[]): Promise<Map<string, File>> {
    const known = new Map<string, CaseRecord>()
    let wanted = [...new Set(caseIds)]
    while (wanted.length > 0) {
      const found = await this.cases.byIds(wanted)
      for (const one of found) known.set(one._id, one)
      wanted = found.flatMap(({ mergedInto }) => (mergedInto && !known.has(mergedInto) ? [mergedInto] : []))
    }
    return new Map(caseIds.map((caseId) => [caseId, fileOf(caseId, known)]))
  }
}

function fileOf(caseId: string, known: ReadonlyMap<string, CaseRecord>): File {
  const caseIds = new Set([caseId])
  let root = known.get(caseId)
  while (root?.mergedInto) {
    caseIds.add(root.mergedInto)
    root = known.get(root.mergedInto)
  }
  for (const part of root ? partsOf(root) : []) caseIds.add(part)
  return { undecided: !root || (root.state !== 'decided' && root.state !== 'closed'), caseIds: [...caseIds] }
}

function heard({ state, decision, updatedAt }: KeepingAppeal): HeardAppeal {
  return { closedAt: isClosed(state) ? (decision?.at ?? updatedAt) : null }
}

function keyOf({ platformId, accountId }: { platformId: string; accountId: string }): string {
  return accountKey(platformId, accountId)
}

function nameOf(entry: Pick<FiledEntry, 'platformId' | 'accountId' | 'messageId'>): string {
  return `${keyOf(entry)}/${entry.messageId}`
}

function add<V>(map: Map<string, V[]>, key: string, value: V): void {
  const known = map.get(key)
  if (known) known.push(value)
  else map.set(key, [value])
}

function addOne<V>(map: Map<string, Set<V>>, key: string, value: V): void {
  const known = map.get(key)
  if (known) known.add(value)
  else map.set(key, new Set([value]))
}
