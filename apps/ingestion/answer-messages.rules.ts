import { PLATFORM_OWN_ID } from '#libs/contracts/fields'
import { MAX_REPAIRS } from '#libs/contracts/repair'
import type { MessageProblem, MessageResult, MessagesAnswer } from './messages-api.js'
import {
  type AcceptedOutcome,
  type CheckedMessage,
  checkValue,
  type Rejection,
} from './check-message.rules.js'

export interface AnsweredMessages {
  readonly results: MessageResult[]
  /** What is to be stored before the answer is given. */
  readonly accepted: readonly AcceptedOutcome[]
  readonly refusedPrivate: number
}

/** One message and what the checks say of it. */
export interface AnsweredMessage {
  readonly messageId: string | null
  readonly checked: CheckedMessage
}

/** Judges a message sent by REST by the checks that records pass, private first. */
export function answerMessage(value: unknown): AnsweredMessage {
  const messageId = messageIdOf(value)
  return { messageId, checked: checkValue(value) }
}

/** What all messages of a request come to, in their order. */
export function answersOf(answered: readonly AnsweredMessage[]): AnsweredMessages {
  const accepted: AcceptedOutcome[] = []
  let refusedPrivate = 0
  const results = answered.map(({ messageId, checked }): MessageResult => {
    switch (checked.outcome) {
      case 'private':
        refusedPrivate++
        return { messageId, status: 'refused_private' }
      case 'rejected':
        return { messageId, status: 'invalid', problem: problemOf(checked.rejection) }
      case 'accepted':
        accepted.push(checked)
        return { messageId, status: 'accepted', ...repairsOf(checked) }
    }
  })
  return { results, accepted, refusedPrivate }
}

/** An answer without the ids of messages that are private: nothing is kept of those. */
export function withoutPrivateIds({ results }: MessagesAnswer): MessagesAnswer {
  return {
    results: results.map((result) =>
      result.status === 'refused_private' ? { ...result, messageId: null } : result,
    ),
  }
}

/** The answer again, with the ids that the messages have when they are sent again. */
export function withPrivateIds({ results }: MessagesAnswer, values: readonly unknown[]): MessagesAnswer {
  return {
    results: results.map((result, i) =>
      result.status === 'refused_private' ? { ...result, messageId: messageIdOf(values[i]) } : result,
    ),
  }
}

const OWN_ID = new RegExp(PLATFORM_OWN_ID)

function messageIdOf(value: unknown): string | null {
  const id =
    typeof value === 'object' && value !== null ? (value as { messageId?: unknown }).messageId : undefined
  return typeof id === 'string' && OWN_ID.test(id) ? id : null
}

function repairsOf({ repairs }: AcceptedOutcome): Pick<MessageResult, 'repairs'> {
  return repairs ? { repairs: repairs.slice(0, MAX_REPAIRS) } : {}
}

function problemOf({ slug, path, reason }: Rejection): MessageProblem {
  return { type: slug, detail: reason, errors: [{ path: path ?? '', reason }] }
}
