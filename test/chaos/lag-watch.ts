import type { Admin } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceName } from '#libs/contracts/catalogue'
import { outsideKafka } from '../harness/outside-kafka.js'

/** Where a service stands in a topic that it reads. */
export interface Standing {
  readonly undone: number
  /** Age of the oldest record that is not done, milliseconds; 0 where there is none. */
  readonly ageMs: number
}

interface Mark {
  readonly at: number
  readonly end: number
}

const EVERY_MS = 250
const QUICK = { retries: 1, initialRetryTime: 100, maxRetryTime: 500 }

/**
 * Looks four times a second how far each service has committed each topic of the way, and how old the oldest record is that
 * it has not: a record is as old as the first look that saw it. Blind while no broker answers; nothing comes in then.
 */
export class LagWatch {
  private readonly marks = new Map<string, Mark[]>()
  private admin: Admin | undefined
  private running: Promise<void> | undefined
  private stopped = false
  private looks = 0
  private worst = new Map<string, number>()
  private latest: Standing = { undone: 0, ageMs: 0 }

  constructor(
    private readonly brokers: string,
    private readonly way: readonly (readonly [ServiceName, string])[],
    private readonly groupPrefix = 'weir',
  ) {}

  start(): void {
    this.running = this.run()
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.running
  }

  /** The worst age seen of each topic's oldest record, milliseconds. */
  get worstAges(): ReadonlyMap<string, number> {
    return this.worst
  }

  /** Resolves when a look that began after the call finds nothing undone, or nothing older than `ageMs`; to false after `seconds`. */
  async caughtUp(ageMs: number, seconds: number): Promise<boolean> {
    const from = this.looks + 2
    const end = Date.now() + seconds * 1_000
    while (this.looks < from || (this.latest.undone > 0 && this.latest.ageMs >= ageMs)) {
      if (Date.now() > end || this.stopped) return false
      await sleep(50)
    }
    return true
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        this.latest = await this.look()
        this.looks += 1
      } catch {
        await this.admin?.disconnect().catch(() => undefined)
        this.admin = undefined
      }
      await sleep(EVERY_MS)
    }
    await this.admin?.disconnect().catch(() => undefined)
  }

  private async look(): Promise<Standing> {
    const admin = (this.admin ??= await this.connect())
    const at = Date.now()
    const committed = await this.committed(admin)
    const standings = await Promise.all(
      this.way.map(async ([service, topic]) => {
        const partitions = await admin.fetchTopicOffsets(topic)
        const found = partitions.map(({ partition, high, low }) => {
          const done = Math.max(Number(low), committed.get(`${service} ${topic}/${partition}`) ?? 0)
          return this.standing(`${topic}/${partition}`, at, Number(high), done)
        })
        const standing = sumOf(found)
        this.worst.set(topic, Math.max(this.worst.get(topic) ?? 0, standing.ageMs))
        return standing
      }),
    )
    return sumOf(standings)
  }

  private standing(place: string, at: number, end: number, done: number): Standing {
    const marks = (this.marks.get(place) ?? []).filter((mark) => mark.end > done)
    if (end > (marks.at(-1)?.end ?? done)) marks.push({ at, end })
    this.marks.set(place, marks)
    return { undone: end - done, ageMs: marks[0] ? at - marks[0].at : 0 }
  }

  private async committed(admin: Admin): Promise<Map<string, number>> {
    const { groups } = await admin.listGroups()
    const committed = new Map<string, number>()
    const reads = groups.map(async ({ groupId }) => {
      const service = this.way.find(([name]) => groupId.startsWith(`${this.groupPrefix}.${name}`))?.[0]
      if (!service || groupId.includes('.tables.')) return
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
        for (const { partition, offset } of partitions) {
          const place = `${service} ${topic}/${partition}`
          committed.set(place, Math.max(committed.get(place) ?? 0, Number(offset)))
        }
      }
    })
    await Promise.all(reads)
    return committed
  }

  private async connect(): Promise<Admin> {
    const kafka = outsideKafka(this.brokers, {
      requestTimeout: 5_000,
      retry: { ...QUICK, restartOnFailure: () => Promise.resolve(false) },
    })
    const admin = kafka.admin()
    await admin.connect()
    return admin
  }
}

function sumOf(standings: readonly Standing[]): Standing {
  return {
    undone: standings.reduce((sum, one) => sum + one.undone, 0),
    ageMs: Math.max(0, ...standings.map((one) => one.ageMs)),
  }
}
