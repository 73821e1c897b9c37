import type { Directive } from '#libs/contracts/directive'
import type { WeirEvent } from '#libs/contracts/weir-event'
import { jsonOf, type OutsideRecord, type WeirSystem } from '../harness/weir-system.js'
import { received, SCENE_PLATFORMS, type SceneAccount, type SceneMessage } from './scene.js'

/** A directive as its platform got it. */
export interface SeenDirective extends Directive {
  readonly platformId: string
}

/** What can be seen from outside: the directives and events that enforcement published, each id once. */
export class Seen {
  readonly directives = new Map<string, SeenDirective>()
  readonly events = new Map<string, WeirEvent>()
  /** Ids that came again with other bytes. */
  readonly changed: string[] = []
  copies = 0
  private readonly taken = new Set<string>()
  private readonly bytes = new Map<string, string>()
  private read = 0

  private constructor(private readonly records: readonly OutsideRecord[]) {}

  static async follow(system: WeirSystem): Promise<Seen> {
    const out = SCENE_PLATFORMS.map((id) => `weir.out.${id}.directives.v1`)
    return new Seen(await system.follow(...out, 'weir.events.v1'))
  }

  /** Takes in what has come since the last look. */
  look(): this {
    for (; this.read < this.records.length; this.read++) this.take(this.records[this.read]!)
    return this
  }

  /** Whether a person has seen all that was said of a message so far. */
  all(message: SceneMessage): boolean {
    this.look()
    return received(message).every(({ verdictId }) => this.taken.has(verdictId))
  }

  /** Whether all that will be said of an account has been said and seen. */
  everything({ messages }: SceneAccount): boolean {
    return messages.every((message) => {
      const isDone = message.isActedOn || message.verdicts.every(({ verdict }) => verdict !== null)
      return isDone && this.all(message)
    })
  }

  /** The event that tells that a decision was undone. */
  reversalOf(decisionId: string): WeirEvent | undefined {
    return [...this.events.values()].find(
      ({ kind, subject }) => kind === 'decision.reversed' && subject === `decision/${decisionId}`,
    )
  }

  private take(record: OutsideRecord): void {
    const event = record.topic === 'weir.events.v1' ? jsonOf<WeirEvent>(record) : null
    const directive = event ? null : jsonOf<Directive>(record)
    const id = event?.eventId ?? directive!.directiveId
    const text = `${record.key} ${record.value!.toString()}`
    const known = this.bytes.get(id)
    if (known !== undefined) {
      this.copies += 1
      if (known !== text) this.changed.push(id)
      return
    }
    this.bytes.set(id, text)
    if (directive) this.directives.set(id, { ...directive, platformId: record.topic.split('.')[2]! })
    if (event) this.events.set(id, event)
    if (event?.kind === 'case.entry_added' && event.verdictId) this.taken.add(event.verdictId)
  }
}
