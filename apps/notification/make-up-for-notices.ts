import { Inject, Injectable } from '@nestjs/common'
import type { Logger } from '#libs/runtime/logger'
import { LOGGER } from '#libs/runtime/tokens'
import { KnownPlatforms } from './known-platforms.js'
import { RedeliverNotice } from './redeliver-notice.js'

/** Platforms whose contacts change are told what they missed while they had none. */
@Injectable()
export class MakeUpForNotices {
  constructor(
    platforms: KnownPlatforms,
    private readonly redelivery: RedeliverNotice,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    platforms.onContacts((platformId) => void this.makeUp(platformId))
  }

  private async makeUp(platformId: string): Promise<void> {
    await this.redelivery.makeUp(platformId, { again: false }).catch((error: unknown) => {
      // An operator can send it again by hand.
      this.logger.warn({ err: error, platformId }, 'could not send the notices that the platform had missed')
    })
  }
}
