import { DeadLetterTopic, Topics } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import type { Message } from '#libs/contracts/message'
import type { Notice } from '#libs/contracts/notice'
import type { Receipt } from '#libs/contracts/receipt'
import type { Verdict } from '#libs/contracts/verdict'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { MailSink, ReceivedMail } from './mail-sink.js'
import type { PlannedRecord } from './plan-records.js'
import type { PlatformPlayer, ReceivedDirective } from './platform-player.js'
import { NUMBER_HEADER, type SentRecord } from './send-records.js'
import type { TopicFollower } from './topic-follower.js'
import type { ReceivedWebhook, WebhookSink } from './webhook-sink.js'
import type { WeirApi } from './weir-api.js'

/** A directive as enforcement shows it. */
export interface ShownDirective extends Directive {
  readonly platformId: string
  readonly state: string
  readonly receipts: readonly (Receipt & { receivedAt?: string })[]
}

/** One line of the delivery log, as notification shows it. */
export interface ShownDelivery {
  readonly id: string
  readonly noticeId: string
  readonly channel: 'email' | 'webhook' | 'none'
  readonly state: string
}

/** An account as enforcement lists it. */
export interface ShownAccount {
  readonly platformId: string
  readonly accountId: string
  readonly status: string
  readonly level: number
  readonly points: number
}

/** Everything that was seen from outside, once the last record was through. */
export interface Findings {
  readonly plan: readonly PlannedRecord[]
  readonly sent: ReadonlyMap<number, SentRecord>
  /** Number of each record that its input topic holds. */
  readonly stored: readonly number[]
  /** As on the topics, repeats included. */
  readonly accepted: readonly Message[]
  readonly verdicts: readonly Verdict[]
  readonly events: readonly WeirEvent[]
  readonly notices: readonly Notice[]
  readonly deadLetters: readonly {
    readonly number: number
    readonly reason: string
    readonly service: string
  }[]
  /** By ingestion's own counters. */
  readonly counted: { readonly private: number; readonly repeat: number }
  readonly received: readonly ReceivedDirective[]
  readonly directives: readonly ShownDirective[]
  readonly deliveries: readonly ShownDelivery[]
  readonly accounts: readonly ShownAccount[]
  readonly mails: readonly ReceivedMail[]
  readonly webhooks: readonly ReceivedWebhook[]
  readonly badSignatures: number
}

export interface Sources {
  readonly plan: readonly PlannedRecord[]
  readonly sent: ReadonlyMap<number, SentRecord>
  readonly platformIds: readonly string[]
  readonly follower: TopicFollower
  readonly player: PlatformPlayer
  readonly mailSink: MailSink
  readonly webhookSink: WebhookSink
  readonly api: WeirApi
}

/** Collects what the topics, the services' APIs and the sinks have of our platforms. */
export async function gatherFindings(sources: Sources): Promise<Findings> {
  const { plan, sent, platformIds, follower, player, mailSink, webhookSink, api } = sources
  const ours = (one: { platformId?: string }): boolean => platformIds.includes(one.platformId ?? '')
  const listed = async <T>(service: 'enforcement' | 'notification', path: string): Promise<T[]> =>
    (
      await Promise.all(platformIds.map((id) => api.all<T>(service, 'auditor', `/v1/${path}?platform=${id}`)))
    ).flat()
  const counted = async (outcome: string): Promise<number> => {
    const counts = platformIds.map((platform) =>
      api.sum('ingestion', 'weir_ingestion_records_total', { platform, outcome }),
    )
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }
  const isInput = (topic: string | undefined): boolean =>
    platformIds.some((id) => topic?.startsWith(`weir.in.${id}.`))
  return {
    plan,
    sent,
    stored: platformIds
      .flatMap((id) => follower.of(`weir.in.${id}.messages.v1`))
      .map(({ headers }) => Number(headers[NUMBER_HEADER])),
    accepted: follower.values<Message>(Topics.messages.name).filter(ours),
    verdicts: follower.values<Verdict>(Topics.verdicts.name).filter(ours),
    events: follower.values<WeirEvent>(Topics.events.name).filter(ours),
    notices: follower.values<Notice>(Topics.notices.name).filter(({ addressee }) => ours(addressee)),
    deadLetters: follower
      .of(DeadLetterTopic.name)
      .filter(({ headers }) => isInput(headers['weir-topic']))
      .map(({ headers }) => ({
        number: Number(headers[NUMBER_HEADER] ?? NaN),
        reason: headers['weir-reason'] ?? '',
        service: headers['weir-service'] ?? '',
      })),
    counted: { private: await counted('private'), repeat: await counted('repeat') },
    received: [...player.received.values()],
    directives: await listed('enforcement', 'directives'),
    deliveries: await listed('notification', 'notices'),
    accounts: await listed('enforcement', 'accounts'),
    mails: [...mailSink.mails.values()],
    webhooks: [...webhookSink.webhooks.values()],
    badSignatures: webhookSink.badSignatures,
  }
}
