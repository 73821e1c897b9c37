import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { Topics } from '#libs/contracts/catalogue'
import { derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { Publisher } from '#libs/runtime/kafka/publisher'

/** Tells enforcement, which keeps the audit log, that somebody looked at what was sent to whom. */
@Injectable()
export class TellViews {
  constructor(
    private readonly publisher: Publisher,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves when the view is where it cannot be lost: nothing is to be answered before. `seen`: what stood on the page.
   * @throws RetryableError where it cannot be told
   */
  async ofNotices(actor: string, seen: readonly { id: string; platformId: string | null }[]): Promise<void> {
    const time = this.clock.now()
    const [platformId, ...others] = new Set(seen.map((one) => one.platformId))
    const value = {
      entryId: derivedId('view', randomUUID()),
      subject: 'list/notices',
      at: time.toISOString(),
      actor,
      ...(platformId && others.length === 0 ? { platformId } : {}),
      seen: seen.map(({ id }) => `delivery/${id}`),
    }
    await this.publisher.publish({ topic: Topics.views, key: value.subject, id: value.entryId, value, time })
  }
}
