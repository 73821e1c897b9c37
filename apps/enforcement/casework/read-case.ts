import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { decisionView } from './decision-view.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { findingView } from './clusters/finding-view.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { ReadCluster } from './clusters/read-cluster.js'
import { PolicyStore } from '../policies/policy.store.js'
import { partsOf } from '../ledger/cases/case.js'
import { caseView, entryView } from './case-view.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import type { CaseFile } from './cases-api.js'
import { WorkOnCases } from './work-on-cases.js'

/** A case shows as many of its newest entries; the rest is in the account's timeline. */
const ENTRIES_SHOWN = 200
/** Of the newest version of a finding the edges too. */
const FINDINGS_SHOWN = 20

/** Reads a case with its evidence and what was decided on it. */
@Injectable()
export class ReadCase {
  constructor(
    private readonly work: WorkOnCases,
    private readonly entries: CaseEntryStore,
    private readonly findings: FindingStore,
    private readonly decisions: DecisionStore,
    private readonly readCluster: ReadCluster,
    private readonly policies: PolicyStore,
    private readonly clock: Clock,
  ) {}

  /** `membersAfter`: of a cluster, the member after which its page of them begins. @throws Problem 404 */
  async read(id: string, membersAfter?: string): Promise<CaseFile> {
    const found = await this.work.mustFind(id)
    const cluster = found.kind === 'cluster' ? await this.readCluster.read(id, membersAfter) : null
    const parts = partsOf(found)
    const [entries, count, decisions, findings] = await Promise.all([
      cluster?.entries ?? this.entries.ofCases(parts, ENTRIES_SHOWN),
      cluster?.entries.length ?? this.entries.countOf(parts),
      this.decisions.ofCases(parts),
      this.findings.ofCases(parts, FINDINGS_SHOWN),
      this.policies.refresh(this.clock.now()),
    ])
    const under = await this.policies.since(entries, this.clock.now())
    const { policy } = this.policies.inForce(this.clock.now())
    return {
      ...caseView(found, this.clock.now()),
      entryCount: count,
      entries: entries.map((entry) => entryView(entry, policy, under(entry))),
      findings: findings.map((finding, i) => findingView(finding, i === 0)),
      ...(cluster ? { members: cluster.members, nextMember: cluster.nextMember } : {}),
      decisions: decisions.map((decision) => decisionView(decision, { asEvidence: true })),
    }
  }
}
