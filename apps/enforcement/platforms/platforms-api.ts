import {
  Example,
  Instant,
  Int,
  Many,
  OneOf,
  Optional,
  PlatformId,
  Shape,
  Strings,
  Text,
} from '#libs/contracts/fields'
import { PLATFORM_MODES, PlatformContact, type PlatformMode } from '#libs/contracts/platform'

export const LINK_PATTERNS = ['https://chat-one.example/{account}/{message}']
export const DEADLINES = { remove_message: { acknowledge: 'PT1H', carryOut: 'PT24H' } }

/** A registered platform. */
export class PlatformView {
  @Example('chat-one') @PlatformId() id!: string
  @Example('Chat One') @Text(200, 1) name!: string
  @OneOf(PLATFORM_MODES) mode!: PlatformMode
  @Many(() => PlatformContact, 50) contacts!: PlatformContact[]
  @Example(LINK_PATTERNS) @Optional() @Strings(50, 500) linkPatterns?: string[] | undefined
  @Example(DEADLINES) @Optional() @Shape() deadlines?: Record<string, unknown> | undefined
  @Instant() registeredAt!: string
  @Int(0) version!: number
}

/** What creates the topics of registered platforms, where the service may not. */
export const TOPICS_COMMAND = 'npm run weir -- topics apply'

/** A platform as it was registered. */
export class RegisteredPlatformView extends PlatformView {
  /** There where topics are missing that the service may not create. */
  @Example(['weir.in.chat-one.messages.v1']) @Optional() @Strings(3, 100) topicsMissing?: string[]
  /** Creates them; they are consumed soon after, without a restart. */
  @Example(TOPICS_COMMAND) @Optional() @Text(200) command?: string
}
