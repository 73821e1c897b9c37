import { PLATFORM_OWN_ID } from '#libs/contracts/fields'
import { MOST_REPAIRS } from '#libs/contracts/repair'
import type { MessageProblem, MessageResult, MessagesAnswer } from './messages-api.js'
import { type AcceptedOutcome, checkValue, type Rejection, sizeOf } from './check-message.rules.js'

export interface AnsweredMessages {
  readonly results: MessageResult[]
  /** What is to be stored before the answer is given. */
  readonly accepted: readonly AcceptedOutcome[]
  readonly refusedPrivate: number
}

/** Judges messages sent by REST by the checks that records pass, the private ones first. */
export function answerMessages(values: readonly unknown[]): AnsweredMessages {
  const accepted: AcceptedOutcome[] = []
  let refusedPrivate = 0
  const results = values.map((value): MessageResult => {
    const messageId = messageIdOf(value)
    const checked = checkValue(value, sizeOf(value))
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
  return repairs ? { repairs: repairs.slice(0, MOST_REPAIRS) } : {}
}

function problemOf({ slug, path, reason }: Rejection): MessageProblem {
  return { type: slug, detail: reason, errors: [{ path: path ?? '', reason }] }
}
