import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { Clock } from '#libs/runtime/clock'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { badRequest, conflict, notFound } from '#libs/runtime/http/problem'
import { isNeverWithout, reignsOf } from '#libs/policy/periods'
import { eventOf } from '../outbox/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { POLICY_TRANSITIONS } from './policy-transitions.js'
import { PolicyStore, type PublishedPolicy } from './policy.store.js'
import {
  periodOf,
  PublicationStore,
  type PublicationDocument,
  type PublicationFacts,
} from './publication.store.js'
import { Rounds } from '../store/rounds.js'

/** How a version of the policy is to take effect. */
export interface Publication {
  mode: 'live' | 'shadow'
  rollout: number
  effectiveFrom?: string
}

/**
 * A publication takes effect so much later at the earliest, when every instance of every service has read it:
 * else what was received meanwhile would be judged by one policy now and by another in a replay (SPEC promise 9).
 */
const LEAD_MS = 2_000

/** Publishes versions of the policy. Each publication is added to the history; none is ever moved, cut or taken away. */
@Injectable()
export class PublishPolicy {
  constructor(
    private readonly policies: PolicyStore,
    private readonly publications: PublicationStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves when all services are told and, unless an instant was named, it is in effect. The same by the same person again,
   * with nothing published between, changes nothing.
   * @throws Problem 400 on an `effectiveFrom` in the past or nearer than `LEAD_MS` (promise 9); 404, 409 `not-approved`, `none-in-force`, 412
   */
  async publish(
    version: string,
    publication: Publication,
    by: string,
    ifMatch: ExpectedVersions | undefined,
  ): Promise<PublishedPolicy> {
    for (const rounds = new Rounds('What is published'); ; rounds.next()) {
      const history = await this.publications.after(0)
      const found = await this.policies.byVersion(version)
      if (!found) throw notFound('There is no such policy.')
      if (isLast(history, version, publication, by)) return found
      assertFresh(ifMatch, found.changes)
      if (!POLICY_TRANSITIONS[found.state][publication.mode === 'live' ? 'publish' : 'shadow'])
        throw conflict('not-approved', `The policy is ${found.state}; another person must approve it first.`)
      const next = this.next(found, publication, by, history)
      assertNeverWithout([...history, next])
      // What was cut off is told before what comes after it.
      for (const earlier of await this.publications.undelivered()) await this.deliver(earlier)
      const document = documentOf(next, found)
      if (!(await this.publications.add(document))) continue
      await this.deliver(document)
      if (!publication.effectiveFrom) await sleep(LEAD_MS)
      return (await this.policies.byVersion(version))!
    }
  }

  private next(
    { _id: version, name }: PublishedPolicy,
    { mode, rollout, effectiveFrom }: Publication,
    by: string,
    history: readonly PublicationFacts[],
  ): PublicationFacts {
    const now = this.clock.now()
    const from = effectiveFrom ? new Date(effectiveFrom) : new Date(now.getTime() + LEAD_MS)
    if (from < now) {
      throw badRequest('invalid-request', 'No policy applies to what was received before it.', [
        { path: '/effectiveFrom', reason: 'must not lie in the past' },
      ])
    }
    if (from.getTime() < now.getTime() + LEAD_MS) {
      throw badRequest('invalid-request', 'Not every service can have read it by then.', [
        { path: '/effectiveFrom', reason: `must lie ${LEAD_MS / 1_000} s ahead at least, or be left out` },
      ])
    }
    const publication = (history.at(-1)?.publication ?? 0) + 1
    return { publication, name, version, mode, rollout, effectiveFrom: from, publishedAt: now, by }
  }

  private async deliver(document: PublicationDocument): Promise<void> {
    await this.outbox.deliver([document], this.publications.publications)
  }
}

function isLast(
  history: readonly PublicationFacts[],
  version: string,
  { mode, rollout, effectiveFrom }: Publication,
  by: string,
): boolean {
  const last = history.at(-1)
  if (last?.version !== version || last.mode !== mode || last.rollout !== rollout || last.by !== by)
    return false
  return effectiveFrom === undefined || Date.parse(effectiveFrom) === last.effectiveFrom.getTime()
}

/** One that is in force for everybody is replaced by another, not taken away: now, and at each instant to come. */
function assertNeverWithout(history: readonly PublicationFacts[]): void {
  const from = history.at(-1)!.effectiveFrom.getTime()
  if (isNeverWithout(reignsOf(history.map(periodOf)), from)) return
  throw conflict('none-in-force', 'No policy would be in force for everybody; publish another one first.')
}

/** A publication with what it makes known: the record, with the text if it is the first of its version, and the event. */
export function documentOf(
  facts: PublicationFacts,
  policy: { document: Record<string, unknown>; publications: readonly PublicationFacts[] },
): PublicationDocument {
  const { publication, name, version, mode, rollout, by } = facts
  const [effectiveFrom, publishedAt] = [facts.effectiveFrom.toISOString(), facts.publishedAt.toISOString()]
  const record: PolicyRecord = {
    kind: 'policy',
    name,
    version,
    state: mode,
    effectiveFrom,
    rollout,
    publishedAt,
    publication,
    ...(policy.publications.length === 0 ? { document: policy.document } : {}),
  }
  const event = eventOf('policy.published', `policy/${version}`, publication, facts.publishedAt, by, {
    policyVersion: version,
    code: mode,
    rollout,
    effectiveFrom,
  })
  const pending: Pending[] = [
    { id: randomUUID(), publish: 'policy', value: record },
    { id: randomUUID(), publish: 'event', value: event },
  ]
  return { _id: String(publication), ...facts, pending, outboxAt: new Date() }
}
