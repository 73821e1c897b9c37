import { Injectable } from '@nestjs/common'
import type { Finding } from '#libs/contracts/finding'
import { accountKey } from '#libs/contracts/ids'
import { PermanentError } from '#libs/runtime/errors'
import { AccountLedger, type AccountRequest } from '../ledger/account-ledger.js'
import { PlatformStore } from '../platforms/platform.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { applyRiskFindings } from './apply-finding.rules.js'
import { ClusterCases } from '../casework/clusters/cluster-cases.js'
import type { FindingRecord } from '../ledger/findings/finding.js'
import { findingRecordOf } from '../ledger/findings/finding.rules.js'
import { FindingStore } from '../ledger/findings/finding.store.js'

/** Accounts in one round of changes. */
const BATCH_SIZE = 100

/** Takes findings into the cases that they are about. Idempotent: a version that was taken in changes nothing. */
@Injectable()
export class TakeFindings {
  constructor(
    private readonly findings: FindingStore,
    private readonly platforms: PlatformStore,
    private readonly policies: PolicyStore,
    private readonly ledger: AccountLedger,
    private readonly clusters: ClusterCases,
  ) {}

  /**
   * Takes the findings and says of each what is wrong with it, or null: `not-one-account`, `window-reversed`,
   * `unknown-platform`, `unknown-policy`, `cluster-too-large`.
   */
  async take(given: readonly Finding[], heartbeat: () => Promise<void>): Promise<(PermanentError | null)[]> {
    const known = await this.known(given)
    const read = given.map((finding) => problemOr(() => readable(finding, known)))
    const good = read.filter((one): one is FindingRecord => !(one instanceof PermanentError))
    const records = [...new Map(good.map((record) => [record._id, record])).values()]
    await this.findings.keep(records)
    await this.takeRisks(
      records.filter(({ kind }) => kind === 'account_risk'),
      heartbeat,
    )
    const refused = new Map<string, PermanentError>()
    for (const record of records.filter(({ kind }) => kind === 'coordination')) {
      const problem = await this.clusters.take(record)
      if (problem) refused.set(record._id, problem)
      await heartbeat()
    }
    return read.map((one) => (one instanceof PermanentError ? one : (refused.get(one._id) ?? null)))
  }

  private async takeRisks(records: readonly FindingRecord[], heartbeat: () => Promise<void>): Promise<void> {
    const byAccount = [...Map.groupBy(records, keyOf).values()]
    for (let from = 0; from < byAccount.length; from += BATCH_SIZE) {
      await this.ledger.change(byAccount.slice(from, from + BATCH_SIZE).map(requestFor))
      await heartbeat()
    }
  }

  /** Of the platforms and policies that the findings name, those that there are. */
  private async known(given: readonly Finding[]): Promise<Known> {
    const named = new Set(given.flatMap(({ members }) => members.map(({ platformId }) => platformId)))
    const platforms = await this.platforms.byIds([...named])
    const versions = new Set<string>()
    for (const version of new Set(given.map(({ policyVersion }) => policyVersion))) {
      const read = await this.policies.byVersions([version]).catch((error: unknown) => error)
      if (read instanceof Map) versions.add(version)
      else if (!(read instanceof PermanentError)) throw read
    }
    return { platforms: new Set(platforms.map(({ _id }) => _id)), versions }
  }
}

interface Known {
  platforms: ReadonlySet<string>
  versions: ReadonlySet<string>
}

/** @throws PermanentError */
function readable(finding: Finding, { platforms, versions }: Known): FindingRecord {
  const at = finding.members.findIndex(({ platformId }) => !platforms.has(platformId))
  if (at !== -1) {
    const { platformId } = finding.members[at]!
    throw new PermanentError(
      'unknown-platform',
      `Platform ${platformId} is not registered.`,
      `/members/${at}/platformId`,
    )
  }
  if (!versions.has(finding.policyVersion)) {
    const detail = `There is no policy of version ${finding.policyVersion}.`
    throw new PermanentError('unknown-policy', detail, '/policyVersion')
  }
  return findingRecordOf(finding)
}

function problemOr<T>(read: () => T): T | PermanentError {
  try {
    return read()
  } catch (error) {
    if (error instanceof PermanentError) return error
    throw error
  }
}

function keyOf({ members: [member] }: FindingRecord): string {
  return accountKey(member!.platformId, member!.accountId)
}

function requestFor(findings: readonly FindingRecord[]): AccountRequest {
  const { platformId, accountId } = findings[0]!.members[0]!
  return {
    platformId,
    accountId,
    actor: 'system',
    findingIds: findings.map(({ _id }) => _id),
    policyVersions: findings.map(({ policyVersion }) => policyVersion),
    make: (facts, context, taken) => {
      const fresh = findings.filter(({ _id }) => !taken.has(_id))
      return fresh.length === 0 ? null : applyRiskFindings(facts, fresh, context)
    },
  }
}
