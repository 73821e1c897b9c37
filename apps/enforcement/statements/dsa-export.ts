import { Injectable } from '@nestjs/common'
import { CaseEntryStore, type JudgedContent } from '../ledger/cases/case-entry.store.js'
import { DecisionStore, type DecisionDocument } from '../ledger/decisions/decision.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { dsaStatementOf, type DsaStatement } from './dsa-statement.rules.js'
import type { StatementOfReasons } from '../ledger/statements/statement.js'

/** Statements in the form of the DSA Transparency Database, with what they refer to read in three queries for a batch. */
@Injectable()
export class DsaExport {
  constructor(
    private readonly decisions: DecisionStore,
    private readonly entries: CaseEntryStore,
    private readonly policies: PolicyStore,
  ) {}

  async of(statements: readonly StatementOfReasons[]): Promise<DsaStatement[]> {
    const causes = statements.flatMap(({ decisionId, facts }) => [decisionId, ...facts.verdictIds])
    const [found, policies] = await Promise.all([
      this.decisions.byIds(causes),
      this.policies.byVersions(statements.map(({ ground }) => ground.policyVersion)),
    ])
    const decisions = new Map(found.map((decision) => [decision.decisionId, decision]))
    const content = await this.entries.contentOf(
      statements.flatMap((statement) => verdictsOf(statement, decisions)),
    )
    return statements.flatMap((statement) => {
      const judged = verdictsOf(statement, decisions).flatMap((verdictId) => content.get(verdictId) ?? [])
      const known = judged.length > 0 ? judged : withoutEvidence(decisions.get(statement.decisionId))
      return dsaStatementOf(statement, policies.get(statement.ground.policyVersion)!, known) ?? []
    })
  }
}

/** A strike may have been given by a person: then the verdicts are those that the person's decision rests on. */
function verdictsOf(
  { facts }: StatementOfReasons,
  decisions: ReadonlyMap<string, DecisionDocument>,
): string[] {
  return facts.verdictIds.flatMap((causeId) => decisions.get(causeId)?.verdictIds ?? [causeId])
}

/** What the decision itself remembers of its messages when their evidence is no longer kept. */
function withoutEvidence(decision: DecisionDocument | undefined): JudgedContent[] {
  return (decision?.messages ?? []).map(({ sentAt }) => ({
    sentAt,
    receivedAt: decision!.at,
    language: null,
    text: false,
    media: [],
    accountKind: null,
  }))
}
