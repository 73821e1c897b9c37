import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { Platform } from '#libs/contracts/platform'
import { notFound } from '#libs/runtime/http/problem'
import { type CompactedTable, CompactedTables } from '#libs/runtime/kafka/compacted-table'

/** The registered platforms, as `weir.platforms.v1` tells them. */
@Injectable()
export class KnownPlatforms {
  private readonly platforms: CompactedTable<Platform>

  constructor(tables: CompactedTables) {
    this.platforms = tables.open(Topics.platforms)
  }

  /** Throws a 404 `unknown-platform` on one that is not registered. */
  mustKnow(platformId: string): void {
    if (!this.platforms.get(platformId))
      throw notFound('This platform is not registered.', 'unknown-platform')
  }
}
