import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/platform/clock'
import { conflict, notFound } from '#libs/platform/http/problem'
import { DeliveryStore } from './delivery.store.js'
import { Dispatcher } from './dispatcher.js'

/** A little more than the whole schedule of attempts takes. */
const WORTH_DELIVERING_MS = 96 * 3_600_000

/** Sends again, because somebody asked for it. */
@Injectable()
export class RedeliverNotice {
  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes one delivery, or all of a notice, pending once more and returns their ids. Throws a 404 where the id names
   * nothing, a 409 `already-pending` where all of it is on its way already.
   */
  async redeliver(id: string): Promise<string[]> {
    const now = this.clock.now()
    const { known, again } = await this.deliveries.redeliver(
      id,
      now,
      new Date(now.getTime() + WORTH_DELIVERING_MS),
    )
    if (!known) throw notFound('There is no such notice.')
    if (again.length === 0) throw conflict('already-pending', 'It is on its way already.')
    this.dispatcher.wake()
    return again
  }
}
