/**
 * What an account must come to when its decisions are objected to, for specs: who stands on the removal or label of which
 * message, and whose the strikes are. Acted out one fact after the other; it shares no code with the rules.
 */

export type OnMessage = 'remove' | 'label'

interface Stood {
  id: string
  measure: string
  messages: readonly string[]
  /** Messages whose strike falls with it. */
  strikes: Set<string>
  /** The orders that it stands on, by message and number. */
  orders: Set<string>
  suspendedBy: Set<string>
  isUndone: boolean
  isServed: boolean
}

export class AppealsOracle {
  readonly decisions = new Map<string, Stood>()
  /** By message: whether its strike was taken back. */
  readonly strikes = new Map<string, boolean>()
  private readonly inForce = new Map<string, string>()
  private readonly made = new Map<string, string[]>()
  private orders = 0

  /** Whether a verdict that acts leads to a decision: the message is there, or it has earned no strike yet. */
  decides(message: string): boolean {
    return !this.inForce.has(`remove ${message}`) || !this.strikes.has(message)
  }

  decide(id: string, measure: string, messages: readonly string[]): void {
    const strikes = new Set(messages.filter((message) => !this.strikes.has(message)))
    for (const message of strikes) this.strikes.set(message, false)
    this.enforce(newly(id, measure, messages, strikes))
  }

  undo(id: string): void {
    const one = this.decisions.get(id)!
    for (const message of one.strikes) this.strikes.set(message, true)
    one.isUndone = true
    this.settle()
  }

  /** `isServed`: of what takes their place nothing is left to be imposed. */
  replace(ids: readonly string[], by: string, measure: string, isServed: boolean): void {
    const all = ids.map((id) => this.decisions.get(id)!)
    const messages = [...new Set(all.flatMap((one) => one.messages))]
    const strikes = new Set(all.flatMap((one) => [...one.strikes]))
    for (const one of all) {
      one.isUndone = true
      one.strikes.clear()
    }
    this.settle()
    const lesser = newly(by, measure, messages, strikes)
    if (isServed) this.decisions.set(by, { ...lesser, isServed })
    else this.enforce(lesser)
  }

  suspend(ids: readonly string[], appeal: string): void {
    for (const id of ids) this.decisions.get(id)!.suspendedBy.add(appeal)
    this.settle()
  }

  /** Gives back what an appeal suspended, in the order of those that were. */
  resume(ids: readonly string[], appeal: string): void {
    for (const id of ids) {
      const one = this.decisions.get(id)!
      if (one.suspendedBy.delete(appeal) && isStanding(one)) this.stand(one)
    }
  }

  /** All that the order stands on which a decision stands on for a message. */
  standingWith(order: string): string[] {
    return [...this.decisions.values()]
      .filter((one) => !one.isUndone && one.orders.has(order))
      .map(({ id }) => id)
      .sort()
  }

  /** The orders to remove or label a message, as they were made. */
  ordersOn(measure: OnMessage, message: string): string[] {
    return this.made.get(`${measure} ${message}`) ?? []
  }

  ownerOf(message: string): string | undefined {
    return [...this.decisions.values()].find((one) => !one.isUndone && one.strikes.has(message))?.id
  }

  /** With a decision, those that keep the message away with it. */
  beside(id: string, message: string): string[] {
    const own = this.decisions.get(id)!
    if (own.measure !== 'remove' && own.measure !== 'label') return [id]
    const orders = [...own.orders].filter((order) => order.startsWith(`${message} `))
    return [...new Set([id, ...orders.flatMap((order) => this.standingWith(order))])].sort()
  }

  /** Messages on which a measure is in force: somebody's decision stands there and no appeal suspends it. */
  on(measure: OnMessage): string[] {
    const stood = [...this.decisions.values()].filter((one) => one.measure === measure && isStanding(one))
    return [...new Set(stood.flatMap(({ messages }) => messages))].sort()
  }

  private enforce(one: Stood): void {
    this.decisions.set(one.id, one)
    this.stand(one)
  }

  private stand(one: Stood): void {
    if (one.measure !== 'remove' && one.measure !== 'label') return
    for (const message of one.messages) {
      const place = `${one.measure} ${message}`
      const order = this.inForce.get(place) ?? this.order(place, message)
      one.orders.add(order)
    }
  }

  private order(place: string, message: string): string {
    const order = `${message} ${this.orders++}`
    this.inForce.set(place, order)
    this.made.set(place, [...(this.made.get(place) ?? []), order])
    return order
  }

  /** Ends the orders on which nobody stands any more. */
  private settle(): void {
    for (const [place, order] of this.inForce) {
      const stood = [...this.decisions.values()].some((one) => isStanding(one) && one.orders.has(order))
      if (!stood) this.inForce.delete(place)
    }
  }
}

function isStanding(one: Stood): boolean {
  return !one.isUndone && !one.isServed && one.suspendedBy.size === 0
}

function newly(id: string, measure: string, messages: readonly string[], strikes: Set<string>): Stood {
  return {
    id,
    measure,
    messages,
    strikes,
    orders: new Set(),
    suspendedBy: new Set(),
    isUndone: false,
    isServed: false,
  }
}
