import { Injectable, type OnApplicationBootstrap } from '@nestjs/common'
import { Startup } from '#libs/runtime/startup'
import { TellNewest } from '../outbox/tell-newest.js'
import { platformRecordOf, PlatformStore } from './platform.store.js'

/** At each start, tells all services again how the platforms stand, for one who stopped between a late record and its repair. */
@Injectable()
export class TellPlatforms implements OnApplicationBootstrap {
  constructor(
    private readonly platforms: PlatformStore,
    private readonly newest: TellNewest,
    private readonly startup: Startup,
  ) {}

  onApplicationBootstrap(): void {
    void this.startup.run('platforms', () => this.tell())
  }

  private async tell(): Promise<void> {
    const known = await this.platforms.all()
    await this.newest.tell(
      known.map((platform) => ({ publish: 'platform', value: platformRecordOf(platform) })),
    )
  }
}
