import type { Findings } from './findings.js'
import { PLATFORMS } from './plan-accounts.js'

/**
 * Holds what was found against what was sent: every input ended in exactly one outcome and in the right one; every verdict is
 * in one case; strikes are as many as messages acted on; every directive reached its platform, was acknowledged and done;
 * every notice reached each addressee. Gives what does not hold, in sentences; empty when all does.
 */
export function checkConsistency(findings: Findings): string[] {
  return [
    ...checkInputs(findings),
    ...checkCases(findings),
    ...checkStrikes(findings),
    ...checkDirectives(findings),
    ...checkNotices(findings),
  ]
}

function checkInputs({ plan, stored, accepted, deadLetters, counted }: Findings): string[] {
  const numbers = plan.map(({ number }) => String(number))
  const expectedAccepted = plan.flatMap((record) =>
    record.ending === 'accepted'
      ? [`${record.platformId}/${record.message.messageId}: ${record.message.text}`]
      : [],
  )
  const expectedDead = plan.flatMap((record) =>
    record.ending === 'dead-lettered' ? [`record ${record.number} as ${record.slug}`] : [],
  )
  const endingIn = (ending: string): number => plan.filter((record) => record.ending === ending).length
  return [
    ...sameSet('sent records on the input topics', numbers, stored.map(String)),
    ...sameSet(
      'accepted messages',
      expectedAccepted,
      // The topic may hold the same record again.
      [...new Map(accepted.map((one) => [JSON.stringify(one), one])).values()].map(
        ({ platformId, messageId, text }) => `${platformId}/${messageId}: ${text}`,
      ),
    ),
    ...sameSet(
      'dead letters',
      expectedDead,
      deadLetters.map(({ number, reason }) => `record ${number} as ${reason}`),
    ),
    ...sameCount('records refused as private', endingIn('private'), counted.private),
    ...sameCount('repeats', endingIn('repeat'), counted.repeat),
  ]
}

function checkCases({ verdicts, events }: Findings): string[] {
  const entered = events.filter(({ kind }) => kind === 'case.entry_added')
  return sameSet(
    'verdicts in cases',
    distinct(verdicts.filter(({ outcome }) => outcome !== 'clear').map(({ verdictId }) => verdictId)),
    distinct(entered.map(({ eventId, verdictId }) => `${eventId} ${verdictId}`)).map(
      (one) => one.split(' ')[1]!,
    ),
  )
}

function checkStrikes({ verdicts, events }: Findings): string[] {
  const acted = verdicts.filter(({ outcome }) => outcome === 'act')
  const added = events.filter(({ kind }) => kind === 'strike.added')
  const messageOf = (one: { platformId?: string; messageId?: string }): string =>
    `${one.platformId}/${one.messageId}`
  return [
    ...sameSet('messages with a strike', distinct(acted.map(messageOf)), distinct(added.map(messageOf))),
    ...sameCount(
      'strikes',
      new Set(added.map(messageOf)).size,
      new Set(added.map(({ strikeId }) => strikeId)).size,
    ),
  ]
}

function checkDirectives({ received, directives }: Findings): string[] {
  const without = (what: 'acknowledged' | 'done'): string[] =>
    directives
      .filter(({ receipts }) => !receipts.some(({ status }) => status === what))
      .map(({ directiveId }) => `${directiveId} is not ${what}.`)
  return [
    ...sameSet(
      'directives at their platforms',
      directives.map(({ directiveId }) => directiveId),
      received.map(({ directive }) => directive.directiveId),
    ),
    ...without('acknowledged'),
    ...without('done'),
    ...directives
      .filter(({ state }) => state !== 'done')
      .map(({ directiveId, state }) => `${directiveId} stands as ${state}.`),
  ]
}

function checkNotices({ notices, deliveries, mails, webhooks, badSignatures, received }: Findings): string[] {
  const expected = distinct(
    notices.map(({ noticeId, addressee }) => `${noticeId} ${addressee.platformId}`),
  ).flatMap((one) => {
    const [noticeId, platformId] = one.split(' ') as [string, string]
    const contacts = PLATFORMS.find(({ id }) => platformId.startsWith(id))?.contacts ?? []
    return [...contacts.map(() => `${noticeId} by email`), `${noticeId} by webhook`]
  })
  const ids = (channel: string): string[] =>
    deliveries.filter((one) => one.channel === channel).map(({ id }) => id)
  const told = new Set(webhooks.map(({ data }) => data.directiveId))
  return [
    ...sameSet(
      'notices to each addressee',
      expected,
      deliveries.map(({ noticeId, channel }) => `${noticeId} by ${channel}`),
    ),
    ...deliveries
      .filter(({ state }) => state !== 'delivered')
      .map(({ id, state }) => `The delivery ${id} is ${state}.`),
    ...sameSet(
      'mails',
      ids('email'),
      mails.map(({ deliveryId }) => deliveryId),
    ),
    ...sameSet(
      'webhooks',
      ids('webhook'),
      webhooks.map(({ deliveryId }) => deliveryId),
    ),
    ...received
      .filter(({ directive }) => !told.has(directive.directiveId))
      .map(({ directive }) => `Nobody was told of ${directive.directiveId}.`),
    ...sameCount('webhooks with a bad signature', 0, badSignatures),
  ]
}

/** Compares two lists whatever their order; an item that stands twice counts twice. */
function sameSet(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const balance = new Map<string, number>()
  for (const one of expected) balance.set(one, (balance.get(one) ?? 0) + 1)
  for (const one of found) balance.set(one, (balance.get(one) ?? 0) - 1)
  const missing = [...balance].filter(([, count]) => count > 0)
  const surplus = [...balance].filter(([, count]) => count < 0)
  return [
    ...(missing.length > 0 ? [`${missing.length} missing of ${what}, such as ${missing[0]![0]}.`] : []),
    ...(surplus.length > 0 ? [`${surplus.length} too many of ${what}, such as ${surplus[0]![0]}.`] : []),
  ]
}

function sameCount(what: string, expected: number, found: number): string[] {
  return expected === found ? [] : [`${found} ${what} where ${expected} were expected.`]
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)]
}
