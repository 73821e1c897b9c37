import { Injectable } from '@nestjs/common'
import { Startup } from '#libs/platform/startup'
import { TellNewest } from '../outbox/tell-newest.js'

/** At each start, tells all services again how the platforms stand. */
@Injectable()
export class TellPlatforms {
  constructor(newest: TellNewest, startup: Startup) {
    void startup.run('platforms', () => newest.tellPlatforms())
  }
}
