import { MAIL_ADDRESS } from './mail-address.js'
import { Instant, Int, Many, OneOf, Optional, PlatformId, Pattern, Shape, Strings, Text } from './fields.js'

export const PLATFORM_MODES = ['observe', 'enforce'] as const
export type PlatformMode = (typeof PLATFORM_MODES)[number]

/** Somebody at the platform who is told. */
export class PlatformContact {
  @Optional() @Text(60) role?: string
  @Text(200, 1) name!: string
  @Pattern(MAIL_ADDRESS) email!: string
}

/** A registered platform on the compacted topic `weir.platforms.v1`. Holds no secret. */
export class Platform {
  @PlatformId() platformId!: string
  @Text(200, 1) name!: string
  /** `observe`: verdicts and cases, but no directive leaves. */
  @OneOf(PLATFORM_MODES) mode!: PlatformMode
  @Many(() => PlatformContact, 50) contacts!: PlatformContact[]
  /** How links to its accounts and messages look, to resolve tip-offs. */
  @Optional() @Strings(50, 500) linkPatterns?: string[]
  /** Deadlines of its own by directive kind; the policy's apply otherwise. */
  @Optional() @Shape() deadlines?: Record<string, unknown>
  @Instant() registeredAt!: string
  /** Counts the changes of the platform: of two records the one with the higher number is the newer, whichever comes last. */
  @Optional() @Int(1) rev?: number
}
