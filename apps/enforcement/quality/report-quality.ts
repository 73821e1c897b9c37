import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { badRequest } from '#libs/runtime/http/problem'
import { dayOf } from '../exposure/exposure.rules.js'
import { GoldenCaseStore } from './golden-case.store.js'
import { accuracyOf, agreementByCategory, agreementOn } from './quality-report.rules.js'
import { ReviewStore } from './review.store.js'

const DAY = 86_400_000
const USUAL_SPAN = 90 * DAY
const LONGEST_SPAN = 366 * DAY

interface Span {
  from: Date
  to: Date
}

/** How well people decide: agreement of two on the same case, and accuracy on cases whose answer is known. */
@Injectable()
export class ReportQuality {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly goldenCases: GoldenCaseStore,
    private readonly clock: Clock,
  ) {}

  /** Of everyone, by when the second answer was given; the last 90 days unless said otherwise. @throws Problem 400 */
  async report(from?: string, to?: string) {
    const span = spanOf(this.clock.now(), from, to)
    const [counts, accuracy] = await Promise.all([
      this.reviews.countAnswers(span.from, span.to),
      this.accuracy(span),
    ])
    return { ...span, all: agreementOn(counts), agreement: agreementByCategory(counts), accuracy }
  }

  /**
   * One person's own, up to last midnight: figures that moved at once would tell which review was a golden case.
   * @throws Problem 400
   */
  async own(operator: string, from?: string, to?: string) {
    const asked = spanOf(this.clock.now(), from, to)
    const midnight = dayOf(this.clock.now())
    const span = asked.to > midnight ? { ...asked, to: midnight } : asked
    const [counts, [accuracy]] = await Promise.all([
      this.reviews.countAnswers(span.from, span.to, operator),
      this.accuracy(span, operator),
    ])
    return {
      operator,
      ...span,
      all: agreementOn(counts),
      agreement: agreementByCategory(counts),
      accuracy: accuracy ?? accuracyOf({ operator, n: 0, right: 0 }),
    }
  }

  private async accuracy({ from, to }: Span, operator?: string) {
    const retired = await this.goldenCases.retiredIds()
    return (await this.reviews.countGolden(from, to, retired, operator)).map(accuracyOf)
  }
}

function spanOf(now: Date, givenFrom?: string, givenTo?: string): Span {
  const to = givenTo === undefined ? now : new Date(givenTo)
  const from = givenFrom === undefined ? new Date(to.getTime() - USUAL_SPAN) : new Date(givenFrom)
  const length = to.getTime() - from.getTime()
  if (length > 0 && length <= LONGEST_SPAN) return { from, to }
  throw badRequest('invalid-request', 'The span must end after it begins, 366 days later at most.', [
    { path: 'from', reason: 'must lie before `to`, by 366 days at most' },
  ])
}
