import {
  type Happening,
  LedgerOracle,
  type PersonsMeasure,
  type Reference,
  type Standing,
} from '../../apps/enforcement/ledger/ledger-oracle.fixture.js'
import { type Deed, deedsOf } from './deeds.js'
import { received, type SceneAccount, strikeIdOf } from './scene.js'
import type { Seen, SeenDirective } from './seen.js'

/** What happened to an account, from what was sent and what was answered alone. */
export interface AccountHistory {
  readonly happenings: Happening[]
  /** A person's measure on the account was undone: what it had made needless is not made up for, so that its status is only bounded. */
  readonly isUndone: boolean
  /** Two things at one millisecond, whose order nobody outside can know. */
  readonly isAmbiguous: boolean
}

interface View {
  readonly decisionId: string
  readonly measure: PersonsMeasure | 'none'
  readonly at: string
  readonly strikeIds: string[]
  readonly approval: { at: string } | null
  readonly refusal: { at: string } | null
}

/** Puts together what happened to an account. @throws Error where the answers do not fit what was published */
export function historyOf(account: SceneAccount, deeds: readonly Deed[], seen: Seen): AccountHistory {
  const decisions = deedsOf(deeds, 'decision').filter((deed) => deed.account === account)
  const people = new Map(
    decisions.map(({ answer, message }) => [(answer.body as unknown as View).decisionId, message]),
  )
  const directives = [...seen.directives.values()]
    .filter(
      ({ platformId, accountId }) => platformId === account.platformId && accountId === account.accountId,
    )
    .sort((a, b) => a.accountSeq - b.accountSeq)
  const automated = new Map(
    directives.filter((one) => !one.reverses && one.automated).map((one) => [one.decisionId!, one]),
  )
  const happenings: Happening[] = account.messages.flatMap((message) =>
    message.verdicts.flatMap(({ verdict, severity, outcome }): Happening[] => {
      if (!verdict) return []
      const at = Date.parse(verdict.receivedAt)
      const policy = '1' as const
      return [
        {
          what: 'verdict',
          id: verdict.verdictId,
          at,
          message: message.number,
          severity,
          outcome,
          sweep: false,
          policy,
        },
      ]
    }),
  )
  for (const { answer, message, severity, urgent } of decisions) {
    const { decisionId: id, measure, at } = answer.body as unknown as View
    if (measure === 'none') continue
    happenings.push({
      what: 'decision',
      id,
      at: Date.parse(at),
      message: message.number,
      measure,
      severity,
      urgent,
      until: null,
    })
  }
  /** Steps that were held were never ordered before they were approved: their decision names the message. */
  const referenceOf = (decisionId: string, messageIds: readonly string[]): Reference => {
    if (people.has(decisionId)) return { kind: 'person', id: decisionId }
    const directive = automated.get(decisionId)
    const message = account.messages.find(
      ({ messageId }) => messageId === (directive?.messageIds ?? messageIds)[0],
    )!.number
    if (directive?.kind !== 'remove_message') return { kind: 'step', message }
    const nth = removalsOf(automated.values(), directive).indexOf(decisionId)
    return { kind: 'removal', message, nth }
  }
  const stepped = new Set<string>()
  for (const { deed, answer, decisionId } of deedsOf(deeds, 'approval', 'refusal')) {
    // The same by the same person again is answered again.
    if (!isOf(account, answer.body) || stepped.has(decisionId)) continue
    stepped.add(decisionId)
    const { approval, refusal } = answer.body as unknown as View
    const at = Date.parse((deed === 'approval' ? approval : refusal)!.at)
    happenings.push({ what: deed, at, of: referenceOf(decisionId, answer.body['messageIds'] as string[]) })
  }
  const undone = undoneBy(account, deeds, seen, people)
  for (const decisionId of undone) {
    const event = seen.reversalOf(decisionId)
    if (!event) throw new Error(`${decisionId} was undone, and no event says so`)
    happenings.push({ what: 'reversal', at: Date.parse(event.at), of: referenceOf(decisionId, []) })
  }
  happenings.sort((a, b) => a.at - b.at || Number(isStepReversal(b)) - Number(isStepReversal(a)))
  const instants = happenings.filter(({ what }) => what !== 'reversal').map(({ at }) => at)
  const measures = new Map(
    happenings.flatMap((it) => (it.what === 'decision' ? [[it.id, it.measure] as const] : [])),
  )
  return {
    happenings,
    isUndone: [...undone].some((id) => people.has(id) && !['label', 'remove'].includes(measures.get(id)!)),
    isAmbiguous: new Set(instants).size < instants.length,
  }
}

/** Where an account must stand at `at`; `without`: as if the undone decisions of people had never been made. */
export function standingAfter(
  account: SceneAccount,
  { happenings }: AccountHistory,
  at: number,
  without = false,
): Standing {
  const oracle = new LedgerOracle(account.followers > 10, (number) =>
    Math.min(...received(account.messages[number]!).map((verdict) => Date.parse(verdict.message.sentAt))),
  )
  const undone = new Set(
    happenings.flatMap((it) => (it.what === 'reversal' && it.of.kind === 'person' ? it.of.id : [])),
  )
  for (const it of happenings) {
    const of =
      it.what === 'decision' ? it.id : it.what === 'reversal' && it.of.kind === 'person' ? it.of.id : ''
    if (!without || !undone.has(of)) oracle.happen(it)
  }
  return oracle.standing(at)
}

/** The decisions of an account that somebody undid: reversed, or by an appeal that was granted, with all that it covered. */
function undoneBy(
  account: SceneAccount,
  deeds: readonly Deed[],
  seen: Seen,
  people: ReadonlyMap<string, unknown>,
): Set<string> {
  const undone = new Set<string>()
  for (const { answer, decisionId } of deedsOf(deeds, 'reversal'))
    if (isOf(account, answer.body)) undone.add(decisionId)
  for (const { answer, outcome } of deedsOf(deeds, 'hearing')) {
    if (outcome !== 'granted' || !isOf(account, answer.body)) continue
    const directive = seen.directives.get(String(answer.body['directiveId']))!
    const decisionId = directive.decisionId!
    undone.add(decisionId)
    const isStep = !people.has(decisionId) && directive.kind !== 'remove_message'
    const cause = isStep ? ownerOfStrike(account, directive, deeds, seen) : undefined
    if (cause) undone.add(cause)
    // The order that it was against, and for a step that behind its strike: all that stood on it goes with it.
    const removal = isStep
      ? [...seen.directives.values()].find((one) => one.decisionId === cause && one.kind === 'remove_message')
      : directive
    const others = removal ? standingOn(removal, seen) : []
    // One that joined at that very moment was not covered.
    for (const other of others) if (seen.reversalOf(other)) undone.add(other)
  }
  return undone
}

/** The decisions that have a statement about a directive on a message: those that stand, or stood, on it. */
function standingOn({ directiveId, kind }: SeenDirective, seen: Seen): string[] {
  if (kind !== 'remove_message' && kind !== 'label_message') return []
  return [...seen.events.values()].flatMap((event) =>
    event.kind === 'statement.issued' && event.directiveId === directiveId ? (event.decisionId ?? []) : [],
  )
}

/** The decision that added the strike of the message that a step of the ladder rests on. */
function ownerOfStrike(
  account: SceneAccount,
  { messageIds }: SeenDirective,
  deeds: readonly Deed[],
  seen: Seen,
): string | undefined {
  const strikeId = strikeIdOf(account, messageIds[0]!)
  const answers = deedsOf(deeds, 'decision', 'approval').map(({ answer }) => answer.body as unknown as View)
  const person = answers.find((view) => view.strikeIds.includes(strikeId))
  if (person) return person.decisionId
  const removals = [...seen.directives.values()].filter(
    (one) =>
      one.kind === 'remove_message' &&
      one.automated &&
      isOf(account, { ...one }) &&
      one.messageIds[0] === messageIds[0],
  )
  return removals.sort((a, b) => a.accountSeq - b.accountSeq)[0]?.decisionId ?? undefined
}

function removalsOf(all: Iterable<SeenDirective>, { messageIds }: SeenDirective): string[] {
  return [...all]
    .filter((one) => one.kind === 'remove_message' && one.messageIds[0] === messageIds[0])
    .map((one) => one.decisionId!)
}

function isOf(account: SceneAccount, about: Readonly<Record<string, unknown>>): boolean {
  return about['platformId'] === account.platformId && about['accountId'] === account.accountId
}

function isStepReversal(it: Happening): boolean {
  return it.what === 'reversal' && it.of.kind === 'step'
}
