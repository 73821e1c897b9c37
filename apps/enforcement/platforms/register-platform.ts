import { Inject, Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Platform, PlatformContact, PlatformMode } from '#libs/contracts/platform'
import { Clock } from '#libs/runtime/clock'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { badRequest, conflict, notFound } from '#libs/runtime/http/problem'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { ENV } from '#libs/runtime/tokens'
import type { EnforcementEnv } from '../config.js'
import { parseDeadlines } from './deadlines.rules.js'
import { eventOf } from '../outbox/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { PlatformStore, type PlatformDocument } from './platform.store.js'

/** What is said of a platform when it is registered. */
export interface PlatformDetails {
  id: string
  name: string
  mode?: PlatformMode
  contacts: PlatformContact[]
  linkPatterns?: string[]
  deadlines?: Record<string, unknown>
}

export interface Registration {
  platform: PlatformDocument
  created: boolean
  /** Topics of it that do not exist and that this service may not create. */
  topicsMissing: string[]
}

/** Registers platforms and changes what is known of them. */
@Injectable()
export class RegisterPlatform {
  constructor(
    private readonly platforms: PlatformStore,
    private readonly topics: TopicsAdmin,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: EnforcementEnv,
  ) {}

  /**
   * Resolves when the platform's topics exist, or are known to be missing where this service may not create them, it is stored and
   * all services were told: they consume a topic soon after it appears. The same again changes nothing.
   * @throws Problem 400 on deadlines that are none, 409 `platform-exists` where it is known with other details
   */
  async register(details: PlatformDetails, by: string): Promise<Registration> {
    assertDeadlines(details.deadlines)
    const platform = platformOf(details, this.clock.now())
    const known = await this.platforms.byId(details.id)
    if (known && !sameDetails(known, platform)) throw exists(details.id)
    const topicsMissing = await this.topicsMissing(details.id)
    const created =
      !known &&
      (await this.platforms.add(
        platform,
        tell('platform.registered', platform, 1, by, new Date(platform.registeredAt)),
      ))
    const stored = await this.platforms.byId(details.id)
    if (!stored || !sameDetails(stored, platform)) throw exists(details.id)
    await this.outbox.deliver([stored], this.platforms.platforms)
    return { platform: stored, created, topicsMissing }
  }

  private async topicsMissing(platformId: string): Promise<string[]> {
    if (!this.env.TOPICS_MANAGE) return this.topics.missingPlatformTopics(platformId)
    await this.topics.createPlatformTopics(platformId)
    return []
  }

  /** @throws Problem 404, 412, 400, 409 `changed` where somebody else changed it meanwhile */
  async change(
    platformId: string,
    set: Partial<Omit<PlatformDetails, 'id'>>,
    by: string,
    ifMatch: ExpectedVersions | undefined,
  ): Promise<PlatformDocument> {
    assertDeadlines(set.deadlines)
    const known = await this.platforms.byId(platformId)
    if (!known) throw notFound('There is no such platform.')
    assertFresh(ifMatch, known.version)
    const { _id, version, pending: _pending, outboxAt: _at, ...before } = known
    const details = JSON.parse(JSON.stringify(set)) as Partial<Platform>
    const after: Platform = { ...before, ...details }
    const pending = tell('platform.changed', after, version + 1, by, this.clock.now())
    const changed = await this.platforms.change(_id, version, details, pending)
    if (!changed) throw conflict('changed', 'Somebody else changed the platform; read it again.')
    await this.outbox.deliver([changed], this.platforms.platforms)
    return changed
  }
}

function platformOf(details: PlatformDetails, now: Date): Platform {
  const { id, name, mode, contacts, linkPatterns, deadlines } = details
  const platform = {
    platformId: id,
    name,
    mode: mode ?? 'enforce',
    contacts,
    linkPatterns,
    deadlines,
    registeredAt: now.toISOString(),
  }
  return JSON.parse(JSON.stringify(platform)) as Platform
}

function sameDetails(a: Platform, b: Platform): boolean {
  const details = ({ platformId, name, mode, contacts, linkPatterns, deadlines }: Platform): unknown =>
    JSON.parse(JSON.stringify({ platformId, name, mode, contacts, linkPatterns, deadlines }))
  return isDeepStrictEqual(details(a), details(b))
}

function exists(id: string): Error {
  return conflict('platform-exists', `Platform ${id} is registered with other details.`)
}

function assertDeadlines(raw: Record<string, unknown> | undefined): void {
  const { problems } = parseDeadlines(raw)
  if (problems.length > 0)
    throw badRequest('invalid-request', 'Some fields are not as they should be.', problems)
}

function tell(
  kind: 'platform.registered' | 'platform.changed',
  platform: Platform,
  version: number,
  by: string,
  at: Date,
): Pending[] {
  const { platformId } = platform
  const event = eventOf(kind, `platform/${platformId}`, version, at, by, { platformId, code: platform.mode })
  return [
    { id: randomUUID(), publish: 'platform', value: { ...platform, rev: version } },
    { id: randomUUID(), publish: 'event', value: event },
  ]
}
