import { Example, Many, OneOf, One, Optional, Text } from '#libs/contracts/fields'
import { MessageIn } from '#libs/contracts/message-in'
import { MAX_REPAIRS, Repair } from '#libs/contracts/repair'
import { FieldProblem } from '#libs/runtime/http/problem'
import { REJECTIONS, type Rejection } from './check-message.rules.js'

/** Messages that one request may hold. */
export const MAX_MESSAGES = 500
export const STATUSES = ['accepted', 'refused_private', 'invalid'] as const

/** The body of `POST /v1/messages`, for the API's description: its items are checked one by one. */
export class MessagesRequest {
  @Many(() => MessageIn, MAX_MESSAGES, 1) messages!: MessageIn[]
}

/** What is wrong with one message, in the words of RFC 9457. */
export class MessageProblem {
  @OneOf(REJECTIONS) type!: Rejection['slug']
  @Text(2_000) detail!: string
  /** Paths into the message. */
  @Many(() => FieldProblem, 1) errors!: FieldProblem[]
}

/** The answer for one message. */
export class MessageResult {
  /** Null where the message has none that is usable. */
  @Optional() @Text(128) messageId!: string | null
  @OneOf(STATUSES) status!: (typeof STATUSES)[number]
  @Example() @Optional() @One(() => MessageProblem) problem?: MessageProblem
  /** What was wrong with an accepted message and was cut, dropped or rewritten. */
  @Example() @Optional() @Many(() => Repair, MAX_REPAIRS) repairs?: Repair[]
}

/** One result for each message, in the order in which they were sent. */
export class MessagesAnswer {
  @Many(() => MessageResult, MAX_MESSAGES) results!: MessageResult[]
}
