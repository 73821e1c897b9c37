import { Injectable } from '@nestjs/common'
import { accountKey } from '#libs/contracts/ids'
import { Clock } from '#libs/platform/clock'
import { Publisher } from '#libs/platform/kafka/publisher'
import { measuresRecordOf } from '../accounts/account-draft.rules.js'
import { AccountStore } from '../accounts/account.store.js'
import { platformRecordOf, PlatformStore } from '../platforms/platform.store.js'
import type { PendingRecord } from './pending.js'
import { recordOf } from './publish-pending.js'

/** More changes at the same moment than there ever are. */
const MOST_ROUNDS = 50

/**
 * Lets compacted topics end with the newest. A record that somebody was slow to publish can come after one of a later change: who
 * follows the topic passes it over, but compaction keeps the last, and who starts anew would know nothing else.
 */
@Injectable()
export class TellNewest {
  constructor(
    private readonly publisher: Publisher,
    private readonly accounts: AccountStore,
    private readonly platforms: PlatformStore,
    private readonly clock: Clock,
  ) {}

  /** Publishes what the records are about as it stands now, until nothing changes meanwhile. */
  async tell(records: readonly PendingRecord[]): Promise<void> {
    const accounts = records.flatMap((one) =>
      one.publish === 'measures' ? [accountKey(one.value.platformId, one.value.accountId)] : [],
    )
    const platforms = records.flatMap((one) => (one.publish === 'platform' ? [one.value.platformId] : []))
    if (accounts.length + platforms.length === 0) return
    const told = new Map<string, number>()
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const newest = (await this.read(accounts, platforms)).filter(
        ({ key, rev }) => (told.get(key) ?? 0) < rev,
      )
      if (newest.length === 0) return
      await this.publisher.publish(...newest.map(({ record }) => recordOf(record)))
      for (const { key, rev } of newest) told.set(key, rev)
    }
  }

  /** Publishes every platform as it stands: at a start, for one who stopped between a late record and its repair. */
  async tellPlatforms(): Promise<void> {
    const known = await this.platforms.all()
    await this.tell(known.map((platform) => ({ publish: 'platform', value: platformRecordOf(platform) })))
  }

  private async read(
    accountKeys: readonly string[],
    platformIds: readonly string[],
  ): Promise<{ key: string; rev: number; record: PendingRecord }[]> {
    const [accounts, platforms] = await Promise.all([
      accountKeys.length === 0 ? [] : this.accounts.byKeys([...new Set(accountKeys)]),
      platformIds.length === 0 ? [] : this.platforms.byIds([...new Set(platformIds)]),
    ])
    const now = this.clock.now()
    return [
      ...accounts.map((account) => ({
        key: `account/${account._id}`,
        rev: account.rev,
        record: { publish: 'measures' as const, value: measuresRecordOf(account, now) },
      })),
      ...platforms.map((platform) => ({
        key: `platform/${platform._id}`,
        rev: platform.version,
        record: { publish: 'platform' as const, value: platformRecordOf(platform) },
      })),
    ]
  }
}
