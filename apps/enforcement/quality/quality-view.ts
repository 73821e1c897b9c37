import { Flag, Instant, Int, Many, Num, One, Optional, Text } from '#libs/contracts/fields'

export class QualityQuery {
  /** 90 days before `to` unless given. */
  @Optional() @Instant() from?: string
  /** Now unless given. */
  @Optional() @Instant() to?: string
}

/** How often two people came to the same measure and clause. */
export class AgreementView {
  @Int(0) n!: number
  @Int(0) agreed!: number
  /** Share of agreement; null where nothing was judged. */
  @Optional() @Num(0, 1) observed!: number | null
  /** Cohen’s kappa; null where it is not defined: nothing was judged, or both always said one and the same. */
  @Optional() @Num(-1, 1) kappa!: number | null
  /** Fewer than 30: says little. */
  @Flag() few!: boolean
}

export class CategoryAgreementView extends AgreementView {
  @Text(60, 1) category!: string
}

/** Right answers to golden cases, with the 95 % interval of Wilson. */
export class AccuracyView {
  @Text(200) operator!: string
  @Int(0) n!: number
  @Int(0) right!: number
  @Optional() @Num(0, 1) share!: number | null
  @Optional() @Num(0, 1) low!: number | null
  @Optional() @Num(0, 1) high!: number | null
  @Flag() few!: boolean
}

export class QualityView {
  @Instant() from!: Date
  @Instant() to!: Date
  @One(() => AgreementView) all!: AgreementView
  @Many(() => CategoryAgreementView, 100) agreement!: CategoryAgreementView[]
  @Many(() => AccuracyView, 10_000) accuracy!: AccuracyView[]
}

/** One person’s own figures. Agreement is about decisions of theirs that somebody else reviewed. */
export class OwnQualityView {
  @Text(200) operator!: string
  @Instant() from!: Date
  /** At most last midnight (UTC). */
  @Instant() to!: Date
  @One(() => AgreementView) all!: AgreementView
  @Many(() => CategoryAgreementView, 100) agreement!: CategoryAgreementView[]
  @One(() => AccuracyView) accuracy!: AccuracyView
}
