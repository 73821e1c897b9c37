import type { DecisionRecord } from '../ledger/decisions/decision.js'

type Standing = Pick<DecisionRecord, 'decisionId' | 'state' | 'directiveIds' | 'messages' | 'measure' | 'at'>

/** Whether there is something of a decision to undo. */
export function isUndoable(decision: Pick<DecisionRecord, 'state'> | undefined): boolean {
  return decision?.state === 'in_force' || decision?.state === 'expired'
}

/**
 * The decisions that an appeal is about, of those known: all that its directive rests on now, the one whose statement it is
 * against first. An appeal against one of several covers all, or what was appealed against would stay as it is.
 */
export function coveredBy<T extends Standing>(
  appeal: { decisionId: string; directiveId: string },
  known: readonly T[],
): T[] {
  return known
    .filter((one) => isUndoable(one) && one.directiveIds.includes(appeal.directiveId))
    .sort((a, b) => rank(a, appeal) - rank(b, appeal) || a.at.getTime() - b.at.getTime())
}

/**
 * Of decisions that stand on a directive of one of the causes of a strike, those that keep the message of the strike removed
 * or labelled too: it is back only when they are undone as well (docs/adr/0107).
 */
export function besideCauses<T extends Standing>(
  causes: readonly Standing[],
  messageId: string,
  known: readonly T[],
): T[] {
  const onMessage = causes.filter(({ measure }) => measure === 'remove' || measure === 'label')
  return known.filter(
    (one) =>
      isUndoable(one) &&
      one.messages.some((message) => message.messageId === messageId) &&
      onMessage.some(
        (cause) =>
          cause.measure === one.measure && cause.directiveIds.some((id) => one.directiveIds.includes(id)),
      ),
  )
}

function rank({ decisionId }: Standing, appeal: { decisionId: string }): number {
  return decisionId === appeal.decisionId ? 0 : 1
}
