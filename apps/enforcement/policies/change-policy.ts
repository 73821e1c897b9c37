import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import { Clock } from '#libs/runtime/clock'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { badRequest, conflict, forbidden, notFound } from '#libs/runtime/http/problem'
import { eventOf } from '../outbox/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { POLICY_TRANSITIONS } from './policy-transitions.js'
import { PolicyStore, type PolicyDocument, type PublishedPolicy } from './policy.store.js'
import { lintOf } from './read-policy.js'
import { Rounds } from '../store/rounds.js'

/** Drafts and approves versions of the policy: an author, and another person who approves (SPEC promise 11). */
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
  async draft(text: string, by: string): Promise<PublishedPolicy> {
    const { errors, document } = lintOf(text)
    if (errors.length > 0) throw badRequest('bad-policy', 'The policy cannot be used like this.', errors)
    for (const rounds = new Rounds('The list of drafts'); ; rounds.next()) {
      const draft = draftOf(await this.policies.nextVersion(), text, document, by, this.clock.now())
      // Looked for after the number was taken: who drafts the same at the same moment has taken it or is found here.
      const same = await this.policies.draftOf(by, text)
      if (same) return { ...same, publications: [] }
      if (!(await this.policies.add(draft))) continue
      await this.outbox.deliver([draft], this.policies.policies)
      return { ...draft, publications: [] }
    }
  }

  /** @throws Problem 403 `own-draft` for its author; 404, 409, 412 */
  async approve(
    version: string,
    by: string,
    ifMatch: ExpectedVersions | undefined,
  ): Promise<PublishedPolicy> {
    const found = await this.mustFind(version, ifMatch)
    if (found.createdBy === by) throw forbidden('Another person must approve it.', 'own-draft')
    if (found.approvedBy === by) return found
    if (!POLICY_TRANSITIONS[found.state].approve)
      throw conflict('not-a-draft', `The policy is ${found.state}; only a draft is approved.`)
    const approvedAt = this.clock.now()
    const event = tellStep('policy.approved', version, found.changes + 1, by, approvedAt)
    return this.change(found, { state: 'approved', approvedBy: by, approvedAt }, [event])
  }

  private async change(
    found: PublishedPolicy,
    set: Partial<PolicyDocument>,
    pending: Pending[],
  ): Promise<PublishedPolicy> {
    const changed = await this.policies.change(found, set, pending)
    if (!changed) throw conflict('changed', 'Somebody else changed the policy; read it again.')
    await this.outbox.deliver([changed], this.policies.policies)
    return { ...changed, publications: [] }
  }

  private async mustFind(version: string, ifMatch: ExpectedVersions | undefined): Promise<PublishedPolicy> {
    const found = await this.policies.byVersion(version)
    if (!found) throw notFound('There is no such policy.')
    assertFresh(ifMatch, found.changes)
    return found
  }
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
    changes: 1,
    pending: [tellStep('policy.drafted', version, 1, by, now)],
    outboxAt: new Date(),
  }
}

function tellStep(kind: WeirEventKind, version: string, change: number, by: string, at: Date): Pending {
  const event = eventOf(kind, `policy/${version}`, change, at, by, { policyVersion: version })
  return { id: randomUUID(), publish: 'event', value: event }
}
