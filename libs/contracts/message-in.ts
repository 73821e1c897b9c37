import { HoldsContent } from './content-rule.js'
import { Flag, Instant, Int, Many, OneOf, One, Optional, OwnId, Pattern, Strings, Text } from './fields.js'

export const VISIBILITIES = ['public', 'private'] as const
export const CHANGES = ['published', 'edited', 'deleted'] as const
export const ACCOUNT_KINDS = ['individual', 'organisation', 'company', 'media', 'government'] as const
export const MEDIA_KINDS = ['image', 'video', 'audio', 'file'] as const

export type Change = (typeof CHANGES)[number]
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

export const HEX_256 = '^[0-9a-fA-F]{64}$'
/** BCP 47, as far as a hint needs it. */
export const LANGUAGE = '^[A-Za-z0-9-]{2,35}$'

/** Code points of a text, a link, a display name or a reference; items of a list. */
export const LONGEST_TEXT = 20_000
export const LONGEST_LINK = 2_048
export const LONGEST_NAME = 200
export const [MAX_MEDIA, MAX_LINKS] = [20, 50]

/** The account as the platform describes it in a message. */
export class AccountIn {
  @Optional() @Text(LONGEST_NAME) displayName?: string
  @Optional() @OneOf(ACCOUNT_KINDS) kind?: AccountKind
  @Optional() @Int(0) followers?: number
  @Optional() @Flag() verified?: boolean
  /** The platform's own keyed hash of the owner: links accounts without naming anybody. */
  @Optional() @Text(LONGEST_NAME, 1) ownerRef?: string
}

/** One attachment: never the bytes, only what identifies them. */
export class MediaIn {
  @OwnId() mediaId!: string
  @OneOf(MEDIA_KINDS) kind!: (typeof MEDIA_KINDS)[number]
  @Optional() @Pattern(HEX_256) sha256?: string
  @Optional() @Pattern(HEX_256) pdq?: string
  @Optional() @Int(0, 100) pdqQuality?: number
}

/**
 * A message as a platform streams it on `weir.in.<platformId>.messages.v1` (SPEC 4.1). A longer text is taken too, and so is a
 * message whose side fields are wrong: `repair-message.rules.ts` says how.
 */
export class MessageIn {
  @HoldsContent() @OwnId() messageId!: string
  @OwnId() accountId!: string
  @OneOf(VISIBILITIES) visibility!: (typeof VISIBILITIES)[number]
  @Instant() sentAt!: string
  @Optional() @Text(LONGEST_TEXT) text?: string
  @Optional() @Pattern(LANGUAGE) language?: string
  @Optional() @One(() => AccountIn) account?: AccountIn
  @Optional() @Many(() => MediaIn, MAX_MEDIA) media?: MediaIn[]
  @Optional() @Strings(MAX_LINKS, LONGEST_LINK) links?: string[]
  @Optional() @OwnId() repostOf?: string
  @Optional() @Int(0) audience?: number
  @Optional() @OneOf(CHANGES) change?: Change
  /** The `provide_message` directive that this answers. */
  @Optional() @Text(LONGEST_NAME, 1) requested?: string
}
