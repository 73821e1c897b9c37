import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import { Clock } from '#libs/platform/clock'
import { assertFresh } from '#libs/platform/http/if-match'
import { badRequest, conflict, forbidden, notFound } from '#libs/platform/http/problem'
import { eventOf } from '../events/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { POLICY_TRANSITIONS } from './policy-transitions.js'
import { PolicyStore, type PolicyDocument } from './policy.store.js'
import { lintOf } from './read-policy.js'

/** How a policy is to take effect. */
export interface Publication {
  mode: 'live' | 'shadow'
  rollout: number
  effectiveFrom?: string
}

/** More than ever draft at the same moment. */
const MOST_TRIES = 20

/** Drafts, approves and publishes versions of the policy: an author, and another person who approves (SPEC promise 11). */
@Injectable()
export class ChangePolicy {
  constructor(
    private readonly policies: PolicyStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Drafts a version; the same text by the same author again is the draft that waits.
   * @throws Problem 400 `bad-policy` with everything that the lint finds
   */
  async draft(text: string, by: string): Promise<PolicyDocument> {
    const { errors, document } = lintOf(text)
    if (errors.length > 0) throw badRequest('bad-policy', 'The policy cannot be used like this.', errors)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const draft = draftOf(await this.policies.nextVersion(), text, document, by, this.clock.now())
      // Looked for after the number was taken: who drafts the same at the same moment has taken it or is found here.
      const same = await this.policies.draftOf(by, text)
      if (same) return same
      if (!(await this.policies.add(draft))) continue
      await this.outbox.deliver([draft], this.policies.policies)
      return draft
    }
    throw conflict('changed', 'Too many drafts at the same moment; try again.')
  }

  /** @throws Problem 403 `own-draft` for its author; 404, 409, 412 */
  async approve(version: string, by: string, ifMatch: number | undefined): Promise<PolicyDocument> {
    const found = await this.mustFind(version, ifMatch)
    if (found.createdBy === by) throw forbidden('Another person must approve it.', 'own-draft')
    if (found.approvedBy === by) return found
    const state = POLICY_TRANSITIONS[found.state].approve
    if (!state) throw conflict('not-a-draft', `The policy is ${found.state}; only a draft is approved.`)
    const approvedAt = this.clock.now()
    const event = tellStep('policy.approved', version, found.changes + 1, by, approvedAt)
    return this.change(found, { state, approvedBy: by, approvedAt }, [event])
  }

  /** The same by the same person again changes nothing. @throws Problem 400 on an `effectiveFrom` in the past (promise 9); 404, 409 (`none-in-force` among them), 412 */
  async publish(
    version: string,
    publication: Publication,
    by: string,
    ifMatch: number | undefined,
  ): Promise<PolicyDocument> {
    const found = await this.mustFind(version, undefined)
    if (isPublishedSo(found, publication, by)) return found
    assertFresh(ifMatch, found.changes)
    const state = POLICY_TRANSITIONS[found.state][publication.mode === 'live' ? 'publish' : 'shadow']
    if (!state)
      throw conflict('not-approved', `The policy is ${found.state}; another person must approve it first.`)
    const now = this.clock.now()
    const effectiveFrom = publication.effectiveFrom ? new Date(publication.effectiveFrom) : now
    if (effectiveFrom < now) {
      throw badRequest('invalid-request', 'No policy applies to what was received before it.', [
        { path: '/effectiveFrom', reason: 'must not lie in the past' },
      ])
    }
    // A roll-out that is widened goes on from where it began.
    const from =
      found.state === 'live' && found.effectiveFrom && !publication.effectiveFrom
        ? found.effectiveFrom
        : effectiveFrom
    await this.assertSomeInForce(found, publication, from, now)
    const set = {
      state,
      rollout: publication.rollout,
      effectiveFrom: from,
      publishedBy: by,
      publishedAt: now,
    }
    try {
      return await this.change(found, set, tell(found, publication, from, by, now))
    } catch (error) {
      // Another try of the same may have been faster.
      const there = await this.mustFind(version, undefined)
      if (isPublishedSo(there, publication, by)) return there
      throw error
    }
  }

  /** One that is in force for everybody is replaced by another, not taken away. */
  private async assertSomeInForce(
    found: PolicyDocument,
    { mode, rollout }: Publication,
    from: Date,
    now: Date,
  ): Promise<void> {
    if (mode === 'live' && rollout === 100 && from <= now) return
    await this.policies.refresh(now)
    if (this.policies.inForceWithout(found._id, now)) return
    throw conflict('none-in-force', 'No policy would be in force for everybody; publish another one first.')
  }

  private async change(
    found: PolicyDocument,
    set: Partial<PolicyDocument>,
    pending: Pending[],
  ): Promise<PolicyDocument> {
    const changed = await this.policies.change(found, set, pending)
    if (!changed) throw conflict('changed', 'Somebody else changed the policy; read it again.')
    await this.outbox.deliver([changed], this.policies.policies)
    return changed
  }

  private async mustFind(version: string, ifMatch: number | undefined): Promise<PolicyDocument> {
    const found = await this.policies.byVersion(version)
    if (!found) throw notFound('There is no such policy.')
    assertFresh(ifMatch, found.changes)
    return found
  }
}

function isPublishedSo(
  found: PolicyDocument,
  { mode, rollout, effectiveFrom }: Publication,
  by: string,
): boolean {
  const isSame = found.state === mode && found.rollout === rollout && found.publishedBy === by
  const from = effectiveFrom === undefined ? null : Date.parse(effectiveFrom)
  return isSame && (from === null || from === found.effectiveFrom?.getTime())
}

function draftOf(
  version: string,
  text: string,
  document: Record<string, unknown>,
  by: string,
  now: Date,
): PolicyDocument {
  return {
    _id: version,
    name: document['name'] as string,
    text,
    document,
    state: 'draft',
    createdAt: now,
    createdBy: by,
    approvedBy: null,
    approvedAt: null,
    publishedBy: null,
    publishedAt: null,
    rollout: null,
    effectiveFrom: null,
    changes: 1,
    pending: [tellStep('policy.drafted', version, 1, by, now)],
    outboxAt: new Date(),
  }
}

function tellStep(kind: WeirEventKind, version: string, change: number, by: string, at: Date): Pending {
  const event = eventOf(kind, `policy/${version}`, change, at, by, { policyVersion: version })
  return { id: randomUUID(), publish: 'event', value: event }
}

function tell(
  found: PolicyDocument,
  { mode, rollout }: Publication,
  effectiveFrom: Date,
  by: string,
  now: Date,
): Pending[] {
  const record: PolicyRecord = {
    kind: 'policy',
    name: found.name,
    version: found._id,
    state: mode,
    effectiveFrom: effectiveFrom.toISOString(),
    rollout,
    publishedAt: now.toISOString(),
    document: found.document,
  }
  const facts = { policyVersion: found._id, code: mode }
  const event = eventOf('policy.published', `policy/${found._id}`, found.changes + 1, now, by, facts)
  return [
    { id: randomUUID(), publish: 'policy', value: record },
    { id: randomUUID(), publish: 'event', value: event },
  ]
}
