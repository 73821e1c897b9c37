import type { OutgoingRecord } from '../faults/workload.js'
import { jsonOf, type OutsideRecord } from '../harness/weir-system.js'

/** A message that led to a directive: when it was due to be sent, and how long the directive took to be seen. */
export interface DirectiveTime {
  readonly dueAt: number
  readonly ms: number
}

/** How long it takes from when a message is due to be sent until a platform sees the first directive that names it. */
export class DirectiveTimes {
  private readonly due = new Map<string, { dueAt: number; times: number }>()

  /** A record is sent. */
  sent({ platformId, value }: OutgoingRecord, dueAt: number): void {
    const messageId = messageIdOf(value)
    if (messageId === undefined) return
    const known = this.due.get(`${platformId} ${messageId}`)
    if (known) known.times++
    else this.due.set(`${platformId} ${messageId}`, { dueAt, times: 1 })
  }

  /** Of the messages that were sent once: of an edited one nobody can say which text led to the directive. */
  of(directives: readonly OutsideRecord[]): DirectiveTime[] {
    const times: DirectiveTime[] = []
    const named = new Set<string>()
    for (const record of directives) {
      const platformId = record.topic.split('.')[2]!
      for (const messageId of jsonOf<{ messageIds: string[] }>(record).messageIds) {
        const name = `${platformId} ${messageId}`
        const sent = this.due.get(name)
        if (sent?.times !== 1 || named.has(name)) continue
        named.add(name)
        times.push({ dueAt: sent.dueAt, ms: record.seenAt - sent.dueAt })
      }
    }
    return times
  }
}

/** Undefined of what is no message. */
function messageIdOf(value: Buffer): string | undefined {
  try {
    const { messageId } = JSON.parse(value.toString()) as { messageId?: unknown }
    return typeof messageId === 'string' ? messageId : undefined
  } catch {
    return undefined
  }
}
