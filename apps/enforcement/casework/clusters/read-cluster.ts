import { Injectable } from '@nestjs/common'
import type { CaseEntry } from '../../ledger/cases/case.js'
import { CaseEntryStore } from '../../ledger/cases/case-entry.store.js'
import { DecisionStore } from '../../ledger/decisions/decision.store.js'
import { ClusterMemberStore } from './cluster-member.store.js'
import { keyOf } from './cluster.rules.js'
import type { ClusterMember } from './cluster.js'
import type { MemberDecision, MemberView } from './findings-api.js'

const MEMBERS_SHOWN = 100
const MESSAGES_SHOWN = 100
/** Verdicts on messages of the members shown. */
const ENTRIES_SHOWN = 200

/** Reads who takes part in a cluster, what each did, and what was decided on each. */
@Injectable()
export class ReadCluster {
  constructor(
    private readonly members: ClusterMemberStore,
    private readonly entries: CaseEntryStore,
    private readonly decisions: DecisionStore,
  ) {}

  /** A page of members, by key; `nextMember`: what to ask for the next from, or null. `entries`: the verdicts on theirs. */
  async read(caseId: string, after?: string) {
    const found = await this.members.ofCase(caseId, MEMBERS_SHOWN + 1, after)
    const shown = found.slice(0, MEMBERS_SHOWN)
    const [decided, entries] = await Promise.all([
      this.decisions.onAccounts(
        caseId,
        shown.map(({ accountId }) => accountId),
      ),
      this.entriesOf(shown),
    ])
    const latest = new Map(decided.map((decision) => [decision.accountKey, decision]))
    return {
      members: shown.map((member) => memberView(member, latest.get(keyOf(member)))),
      nextMember: found.length > shown.length ? keyOf(shown.at(-1)!) : null,
      entries,
    }
  }

  private async entriesOf(members: readonly ClusterMember[]): Promise<CaseEntry[]> {
    const named = members.map(({ platformId, accountId, messageIds }) => ({
      platformId,
      accountId,
      messageIds: messageIds.slice(0, MESSAGES_SHOWN),
    }))
    return named.length === 0 ? [] : this.entries.ofAccountsMessages(named, ENTRIES_SHOWN)
  }
}

function memberView(
  { platformId, accountId, messageIds, from, to }: ClusterMember,
  decision: MemberDecision | undefined,
): MemberView {
  return {
    platformId,
    accountId,
    messageCount: messageIds.length,
    messageIds: messageIds.slice(0, MESSAGES_SHOWN),
    window: { from, to },
    decision: decision
      ? { decisionId: decision.decisionId, state: decision.state, measure: decision.measure }
      : null,
  }
}
