import {
  Instant,
  Int,
  Many,
  Num,
  One,
  OneOf,
  Optional,
  OwnId,
  Pattern,
  PlatformId,
  Shape,
  Spans,
  Strings,
  Text,
  WeirId,
} from './fields.js'
import { derivedId } from './ids.js'
import { Message } from './message.js'

export const OUTCOMES = ['clear', 'review', 'act'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** `live`, `shadow:<version>` or `sweep:<campaignId>`: only live and sweep verdicts enter cases. */
export const MODE = '^(live|shadow:.{1,100}|sweep:.{1,100})$'

/** What one detector found. Spans are `[start, end)` in UTF-16 units of the original text. */
export class Signal {
  @Text(40, 1) detector!: string
  @Text(200, 1) id!: string
  @Num(0, 1) score!: number
  @Spans(50) spans!: [number, number][]
}

/** The outcome for one harm category. */
export class CategoryVerdict {
  @Text(60, 1) category!: string
  /** The clause that is met; absent on a clear category. */
  @Optional() @Text(120, 1) clause?: string
  @Num(0, 1) score!: number
  @OneOf(OUTCOMES) outcome!: Outcome
  @Optional() @Int(1, 4) severity?: number
  @Many(() => Signal, 100) signals!: Signal[]
}

/** The outcome for one revision of a message, with all that is needed to explain and recompute it (SPEC 4.2). */
export class Verdict {
  @WeirId() verdictId!: string
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OwnId() messageId!: string
  @WeirId() revision!: string
  @OneOf(OUTCOMES) outcome!: Outcome
  @Many(() => CategoryVerdict, 50) categories!: CategoryVerdict[]
  @Text(40, 1) policyVersion!: string
  @Shape() bankVersions!: Record<string, string>
  @Shape() modelVersions!: Record<string, string>
  @Strings(50, 100) overlays!: string[]
  /** Counters and outside scores that the rules read. */
  @Shape() inputs!: Record<string, unknown>
  @Pattern(MODE) mode!: string
  /**
   * Digest of the words and links of the whole message as detectors compare them: what differs in case, width or disguise only has
   * the same. Absent where it is clear, or has nothing to compare.
   */
  @Optional() @WeirId() comparedDigest?: string
  @One(() => Message) message!: Message
  @Instant() receivedAt!: string
  @Instant() classifiedAt!: string
}

/** The id of the verdict on one revision of a message in one mode. */
export function verdictIdOf(
  message: { platformId: string; accountId: string; messageId: string; revision: string },
  mode: string,
): string {
  return derivedId('vd', message.platformId, message.accountId, message.messageId, message.revision, mode)
}
