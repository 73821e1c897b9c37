import { AcceptedMessage } from './accepted-message.js'
import { Checkpoint } from './checkpoint.js'
import { DeliveryReport } from './delivery-report.js'
import { Directive } from './directive.js'
import { ViewOfEvidence } from './view-of-evidence.js'
import { PLATFORM_ID } from './fields.js'
import { Finding } from './finding.js'
import { Fingerprint } from './fingerprint.js'
import { MeasuresInForce, Sighting } from './measures-in-force.js'
import { MessageIn } from './message-in.js'
import { Notice } from './notice.js'
import { Platform } from './platform.js'
import { PolicyRecord } from './policy-record.js'
import { Reach } from './reach.js'
import { Receipt } from './receipt.js'
import { Tally } from './tally.js'
import { TipOff, TipOffState } from './tip-off.js'
import { Verdict } from './verdict.js'
import { WeirEvent } from './weir-event.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

export const SERVICES = ['ingestion', 'classification', 'enforcement', 'notification'] as const
export type ServiceName = (typeof SERVICES)[number]

/** What holds messages, clear ones among them, keeps them no longer (SPEC promise 14). */
export const CONTENT_KEPT_MS = 3 * DAY

/** One kind of topic: what it holds, who writes and reads it, and how it is kept. */
export interface TopicSpec<T extends object = object> {
  /** The topic's name; for a topic of one platform, its pattern with `<platformId>`. */
  readonly name: string
  /** `ce_type` of its records. */
  readonly type: string
  readonly event: new () => T
  readonly summary: string
  readonly from: readonly (ServiceName | 'platform')[]
  readonly to: readonly (ServiceName | 'platform')[]
  readonly key: string
  readonly partitions: number
  readonly cleanup: 'delete' | 'compact'
  /** Milliseconds that records are kept; -1 is for ever. */
  readonly retentionMs: number
  /** Input topics are stamped by the broker, so that a replay repeats `receivedAt`. */
  readonly timestamps: 'LogAppendTime' | 'CreateTime'
  /**
   * Whether the records of a compacted topic tell by `rev` which of its writer's changes they are: a table keeps the highest, since
   * a repeat of an older one may come after it. False where a key never gets another value.
   */
  readonly counted: boolean
  /** False for a topic that nobody reads yet: a service that leaves it alone is not wired wrongly. */
  readonly read: boolean
}

function topic<T extends object>(
  spec: Pick<TopicSpec<T>, 'name' | 'type' | 'event' | 'summary' | 'from' | 'to' | 'key'> &
    Partial<TopicSpec<T>>,
): TopicSpec<T> {
  return {
    partitions: 8,
    cleanup: 'delete',
    retentionMs: CONTENT_KEPT_MS,
    timestamps: 'CreateTime',
    counted: false,
    read: true,
    ...spec,
  }
}

/** The three topics that each platform has; their names hold its id. */
export const PlatformTopics = {
  messages: topic({
    name: 'weir.in.<platformId>.messages.v1',
    type: 'weir.message.sent.v1',
    event: MessageIn,
    summary: 'What public accounts of a platform publish.',
    from: ['platform'],
    to: ['ingestion'],
    key: 'account id',
    partitions: 4,
    timestamps: 'LogAppendTime',
  }),
  receipts: topic({
    name: 'weir.in.<platformId>.receipts.v1',
    type: 'weir.receipt.given.v1',
    event: Receipt,
    summary: 'A platform’s answers to directives.',
    from: ['platform'],
    to: ['enforcement'],
    key: 'account id',
    partitions: 2,
    timestamps: 'LogAppendTime',
    retentionMs: 14 * DAY,
  }),
  directives: topic({
    name: 'weir.out.<platformId>.directives.v1',
    type: 'weir.directive.issued.v1',
    event: Directive,
    summary: 'Orders to a platform.',
    from: ['enforcement'],
    to: ['platform'],
    key: 'account id',
    partitions: 2,
    retentionMs: 14 * DAY,
  }),
} as const

/** Every other topic, once. Both sides of each are typed from here. */
export const Topics = {
  messages: topic({
    name: 'weir.messages.v1',
    type: 'weir.message.accepted.v1',
    event: AcceptedMessage,
    summary: 'Accepted messages; may hold repeats.',
    from: ['ingestion'],
    to: ['classification'],
    key: 'platform/account',
  }),
  fingerprints: topic({
    name: 'weir.fingerprints.v1',
    type: 'weir.message.fingerprinted.v1',
    event: Fingerprint,
    summary: 'Near-duplicate fingerprints, for coordination.',
    from: ['classification'],
    to: ['classification'],
    key: 'near-duplicate bucket',
    read: false,
  }),
  verdicts: topic({
    name: 'weir.verdicts.v1',
    type: 'weir.message.classified.v1',
    event: Verdict,
    summary: 'Verdicts that are not clear, and any that was requested.',
    from: ['classification'],
    to: ['enforcement'],
    key: 'platform/account',
  }),
  findings: topic({
    name: 'weir.findings.v1',
    type: 'weir.finding.made.v1',
    event: Finding,
    summary: 'What is seen over many messages.',
    from: ['classification'],
    to: ['enforcement'],
    key: 'finding id',
    retentionMs: 14 * DAY,
  }),
  reach: topic({
    name: 'weir.reach.v1',
    type: 'weir.account.reach-seen.v1',
    event: Reach,
    summary:
      'Counts of followers that ask for a second person, of clear messages too; at most a few a day and account.',
    from: ['classification'],
    to: ['enforcement'],
    key: 'platform/account',
    retentionMs: 14 * DAY,
  }),
  tallies: topic({
    name: 'weir.tallies.v1',
    type: 'weir.messages.tallied.v1',
    event: Tally,
    summary: 'Counts per minute by category and outcome.',
    from: ['classification'],
    to: ['enforcement'],
    key: 'platform',
    retentionMs: 730 * DAY,
    read: false,
  }),
  tipOffs: topic({
    name: 'weir.tip-offs.v1',
    type: 'weir.tip-off.received.v1',
    event: TipOff,
    summary: 'Reports from the public.',
    from: ['ingestion'],
    to: ['enforcement'],
    key: 'tip-off id',
    retentionMs: 14 * DAY,
    read: false,
  }),
  tipOffStates: topic({
    name: 'weir.tip-off-states.v1',
    type: 'weir.tip-off.changed.v1',
    event: TipOffState,
    summary: 'State and outcome of tip-offs.',
    from: ['enforcement'],
    to: ['ingestion'],
    key: 'tip-off id',
    retentionMs: 14 * DAY,
    read: false,
  }),
  policies: topic({
    name: 'weir.policies.v1',
    type: 'weir.policy.published.v1',
    event: PolicyRecord,
    summary: 'Policies, banks and overlays, each with version and effectiveFrom.',
    from: ['enforcement'],
    to: ['classification'],
    key: 'document',
    partitions: 1,
    cleanup: 'compact',
    retentionMs: -1,
  }),
  platforms: topic({
    name: 'weir.platforms.v1',
    type: 'weir.platform.registered.v1',
    event: Platform,
    summary: 'Registered platforms, without secrets.',
    from: ['enforcement'],
    to: ['ingestion', 'classification', 'enforcement', 'notification'],
    key: 'platform',
    partitions: 1,
    cleanup: 'compact',
    retentionMs: -1,
    counted: true,
  }),
  measures: topic({
    name: 'weir.measures.v1',
    type: 'weir.account.measures-changed.v1',
    event: MeasuresInForce,
    summary: 'Measures in force on each account.',
    from: ['enforcement'],
    to: ['ingestion'],
    key: 'platform/account',
    cleanup: 'compact',
    retentionMs: -1,
    read: false,
    counted: true,
  }),
  sightings: topic({
    name: 'weir.sightings.v1',
    type: 'weir.account.sighted.v1',
    event: Sighting,
    summary: 'Messages of accounts that a platform says it suspended.',
    from: ['ingestion'],
    to: ['enforcement'],
    key: 'platform/account',
    retentionMs: 14 * DAY,
    read: false,
  }),
  notices: topic({
    name: 'weir.notices.v1',
    type: 'weir.notice.due.v1',
    event: Notice,
    summary: 'Notices to deliver.',
    from: ['enforcement'],
    to: ['notification'],
    key: 'addressee',
    retentionMs: 14 * DAY,
  }),
  deliveries: topic({
    name: 'weir.deliveries.v1',
    type: 'weir.notice.settled.v1',
    event: DeliveryReport,
    summary: 'What became of notices: one record for each delivery that came to an end.',
    from: ['notification'],
    to: ['enforcement'],
    key: 'addressee',
    retentionMs: 14 * DAY,
  }),
  events: topic({
    name: 'weir.events.v1',
    type: 'weir.state.changed.v1',
    event: WeirEvent,
    summary: 'Every change of state: ids and codes only.',
    from: ['enforcement'],
    to: ['ingestion', 'classification', 'enforcement', 'notification'],
    key: 'subject',
    retentionMs: 730 * DAY,
  }),
  views: topic({
    name: 'weir.views.v1',
    type: 'weir.evidence.viewed.v1',
    event: ViewOfEvidence,
    summary: 'Views of evidence outside of enforcement, for the audit log.',
    from: ['notification'],
    to: ['enforcement'],
    key: 'subject',
    partitions: 1,
    retentionMs: 14 * DAY,
  }),
  checkpoints: topic({
    name: 'weir.checkpoints.v1',
    type: 'weir.audit.checkpointed.v1',
    event: Checkpoint,
    summary: 'Signed audit checkpoints.',
    from: ['enforcement'],
    to: ['ingestion', 'classification', 'enforcement', 'notification'],
    key: 'shard',
    partitions: 1,
    retentionMs: -1,
  }),
} as const

/** Records that could not be handled: value and key are the original bytes, the reason stands in headers. */
export const DeadLetterTopic = {
  name: 'weir.dead-letters.v1',
  type: 'weir.record.dead-lettered.v1',
  partitions: 4,
  cleanup: 'delete',
  retentionMs: 14 * DAY,
  timestamps: 'CreateTime',
} as const

/** The headers of a dead letter (SPEC section 4). */
export const DEAD_LETTER_HEADERS = [
  'weir-reason',
  'weir-path',
  'weir-topic',
  'weir-partition',
  'weir-offset',
  'weir-attempts',
  'weir-service',
] as const

export type PlatformTopicKind = keyof typeof PlatformTopics

/** The name of one platform's topic. Throws a RangeError on an id that is none. */
export function platformTopicName(kind: PlatformTopicKind, platformId: string): string {
  if (!new RegExp(PLATFORM_ID).test(platformId)) throw new RangeError(`${platformId} is not a platform id`)
  return PlatformTopics[kind].name.replace('<platformId>', platformId)
}

const PLATFORM_TOPIC = /^weir\.(?:in|out)\.([a-z0-9-]{1,40})\.(messages|receipts|directives)\.v1$/

/** Which platform and kind a topic name stands for; undefined where it is no platform's topic. */
export function platformOfTopic(name: string): { platformId: string; kind: PlatformTopicKind } | undefined {
  const match = PLATFORM_TOPIC.exec(name)
  if (!match) return undefined
  const kind = match[2] as PlatformTopicKind
  return platformTopicName(kind, match[1]!) === name ? { platformId: match[1]!, kind } : undefined
}
