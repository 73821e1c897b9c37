import { Inject, Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { ENV } from '#libs/runtime/tokens'
import type { EnforcementEnv } from '../config.js'
import { dayOf, graveMessages, isOverLimit, MILD, type Shown, sumOf } from './exposure.rules.js'
import { ExposureStore } from './exposure.store.js'

/** Today and the six days before. */
const DAYS = 7

/** What somebody was shown in some days. */
interface Span {
  since: Date
  views: number
  messages: number
  graveMessages: number
  by: Shown[]
}

export interface Exposure {
  operator: string
  dailyLimit: number | null
  overLimit: boolean
  today: Span
  sevenDays: Span
}

/** What people were shown, and who has seen enough for today. */
@Injectable()
export class ReadExposure {
  constructor(
    private readonly exposures: ExposureStore,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<EnforcementEnv, 'EXPOSURE_DAILY_LIMIT'>,
  ) {}

  async of(operators: readonly string[]): Promise<Exposure[]> {
    const today = dayOf(this.clock.now())
    const since = daysBefore(today, DAYS - 1)
    const found = await this.exposures.since(since, operators)
    const limit = this.env.EXPOSURE_DAILY_LIMIT
    return operators.map((operator) => {
      const own = found.filter((one) => one.operator === operator)
      const shownToday = own.filter(({ day }) => day >= today).flatMap(({ shown }) => shown)
      return {
        operator,
        dailyLimit: limit > 0 ? limit : null,
        overLimit: isOverLimit(shownToday, limit),
        today: spanOf(today, shownToday),
        sevenDays: spanOf(
          since,
          own.flatMap(({ shown }) => shown),
        ),
      }
    })
  }

  /** By name: who was shown something in the last seven days; one more than `limit`, if there are. */
  async recent(limit: number, after?: string): Promise<Exposure[]> {
    const since = daysBefore(dayOf(this.clock.now()), DAYS - 1)
    return this.of(await this.exposures.operatorsSince(since, limit, after))
  }

  /** The gravest that may be handed to somebody today; undefined: anything. */
  async mostSevereFor(operator: string): Promise<number | undefined> {
    if (this.env.EXPOSURE_DAILY_LIMIT === 0) return undefined
    const [own] = await this.of([operator])
    return own!.overLimit ? MILD : undefined
  }
}

function daysBefore(day: Date, days: number): Date {
  return new Date(day.getTime() - days * 86_400_000)
}

function spanOf(since: Date, parts: readonly Shown[]): Span {
  const by = sumOf(parts)
  const sum = (count: 'views' | 'messages') => by.reduce((total, one) => total + one[count], 0)
  return { since, views: sum('views'), messages: sum('messages'), graveMessages: graveMessages(by), by }
}
