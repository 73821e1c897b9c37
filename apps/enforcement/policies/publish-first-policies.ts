import { Inject, Injectable } from '@nestjs/common'
import { join } from 'node:path'
import { Clock } from '#libs/runtime/clock'
import { PermanentError } from '#libs/runtime/errors'
import { Startup } from '#libs/runtime/startup'
import { ENV } from '#libs/runtime/tokens'
import { type EnforcementEnv, readPolicyFile } from '../config.js'
import { PublishFirstBanks } from '../banks/publish-first-banks.js'
import { Relay } from '../outbox/relay.js'
import { PolicyStore } from './policy.store.js'
import { PublicationStore } from './publication.store.js'
import { documentOf } from './publish-policy.js'
import { lintOf } from './read-policy.js'

const FIRST_VERSION = '1'
/** Messages that already wait were received under this policy: there was none before. */
const FROM_THE_START = '1970-01-01T00:00:00.000Z'

/**
 * At the first start, publishes the policy and the banks that come with Weir, as version 1, live from the start of time. Of
 * several instances that start at once one wins, and all publish what it stored.
 */
@Injectable()
export class PublishFirstPolicies {
  constructor(
    private readonly policies: PolicyStore,
    private readonly publications: PublicationStore,
    private readonly banks: PublishFirstBanks,
    private readonly relay: Relay,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: EnforcementEnv,
    startup: Startup,
  ) {
    void startup.run('policy', () => this.publish())
  }

  private async publish(): Promise<void> {
    // First the banks: a policy that judges without them judges otherwise.
    await this.banks.publish()
    if ((await this.publications.after(0)).length === 0) await this.addPolicy()
    await this.relay.drain(this.policies.policies)
    await this.relay.drain(this.publications.publications)
    await this.policies.refresh(this.clock.now())
    this.policies.inForce(this.clock.now())
  }

  private async addPolicy(): Promise<void> {
    const path = join(this.env.POLICIES_DIR, 'default.yaml')
    const text = await readPolicyFile(path)
    const { errors, document } = lintOf(text)
    if (errors.length > 0) {
      const found = errors.map(({ path: where, reason }) => `${where} ${reason}`).join('; ')
      throw new PermanentError('bad-policy', `${path}: ${found}`)
    }
    const now = this.clock.now()
    const name = document['name'] as string
    await this.policies.add({
      _id: FIRST_VERSION,
      name,
      text,
      document,
      state: 'approved',
      createdAt: now,
      createdBy: 'system',
      approvedBy: 'system',
      approvedAt: now,
      changes: 0,
      outboxAt: null,
      pending: [],
    })
    const stored = (await this.policies.byVersion(FIRST_VERSION))!
    const first = {
      publication: 1,
      name: stored.name,
      version: FIRST_VERSION,
      mode: 'live' as const,
      rollout: 100,
      effectiveFrom: new Date(FROM_THE_START),
      publishedAt: now,
      by: 'system',
    }
    await this.publications.add(documentOf(first, { ...stored, publications: [] }))
  }
}
