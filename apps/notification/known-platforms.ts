import { Injectable } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Topics } from '#libs/contracts/catalogue'
import type { Platform } from '#libs/contracts/platform'
import { notFound } from '#libs/runtime/http/problem'
import { type CompactedTable, CompactedTables } from '#libs/runtime/kafka/compacted-table'

/** How long a request waits for a platform that was registered a moment ago. */
const REQUEST_PATIENCE_MS = 3_000
/** How long notices wait for the platform that they name, before they are given up. */
const NOTICE_PATIENCE_MS = 30_000

/** The registered platforms, as `weir.platforms.v1` tells them. */
@Injectable()
export class KnownPlatforms {
  private readonly platforms: CompactedTable<Platform>
  /** When a platform was first missed, by the monotonic clock. */
  private readonly missedAt = new Map<string, number>()

  constructor(tables: CompactedTables) {
    this.platforms = tables.open(Topics.platforms)
  }

  /** Resolves when all platforms are known that were registered before the service started. */
  get ready(): Promise<void> {
    return this.platforms.ready
  }

  /** Tells of each platform that has contacts when its record comes: all of them when the service starts. */
  onContacts(listener: (platformId: string) => void): void {
    this.platforms.onChange((platformId, platform) => {
      if (platform && platform.contacts.length > 0) listener(platformId)
    })
  }

  get(platformId: string): Platform | undefined {
    return this.platforms.get(platformId)
  }

  /** Throws a 404 `unknown-platform` on one that is not registered, after giving its record a moment to arrive. */
  async mustKnow(platformId: string): Promise<void> {
    for (let waited = 0; waited < REQUEST_PATIENCE_MS; waited += 50) {
      if (this.platforms.get(platformId)) return
      await sleep(50)
    }
    throw notFound('This platform is not registered.', 'unknown-platform')
  }

  /** Whether its record may still be on the way: for half a minute since it was first missed. */
  mayStillCome(platformId: string): boolean {
    const missedAt = this.missedAt.get(platformId) ?? performance.now()
    this.missedAt.set(platformId, missedAt)
    return performance.now() - missedAt < NOTICE_PATIENCE_MS
  }
}
