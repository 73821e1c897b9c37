import { Injectable } from '@nestjs/common'
import { DiscoveryService } from '@nestjs/core'
import { PlatformTopics, Topics, type ServiceName, type TopicSpec } from '#libs/contracts/catalogue'
import { declaredMethods, WiringError } from '../wiring.js'
import { handlerTargetOf, type HandlerTarget, type InputKind } from './batch-handler.js'
import type { Batch } from './batch.js'
import { contractDecoder, inputDecoder } from './decode-json.js'
import { joinBatches } from './join-batches.js'
import type { Route } from './run-handler.js'

/** Records that a handler of joined batches gets at once. */
const MAX_JOINED = 1_000

/** A method that handles batches, bound to its instance. */
export interface FoundHandler {
  readonly name: string
  readonly target: HandlerTarget
  readonly handle: (batch: Batch<unknown>) => Promise<void>
}

/** The handlers of a service, by what they read. */
export interface Handlers {
  readonly topics: ReadonlyMap<string, Route>
  readonly platforms: ReadonlyMap<InputKind, Route>
}

/** Finds the methods that are declared as handlers. */
@Injectable()
export class FindHandlers {
  constructor(private readonly discovery: DiscoveryService) {}

  all(): FoundHandler[] {
    return declaredMethods(this.discovery, handlerTargetOf).map(({ name, declared, call }) => ({
      name,
      target: declared,
      handle: call as FoundHandler['handle'],
    }))
  }
}

/**
 * The handlers of a service, after a check that its wiring agrees with the catalogue: no topic has two handlers, each
 * handler's topic is one that the service is to read, and where `complete`, every topic that only this service reads has a
 * handler or a table. @throws WiringError that names each fault
 */
export function wire(
  service: ServiceName,
  found: readonly FoundHandler[],
  tables: readonly string[],
  { complete }: { complete: boolean },
): Handlers {
  const faults: string[] = []
  const topics = new Map<string, Route>()
  const platforms = new Map<InputKind, Route>()
  for (const handler of found) {
    const { target, name } = handler
    const joined = target.of === 'topic' && target.joined
    const handle = joined ? joinBatches(handler.handle, MAX_JOINED) : handler.handle
    const spec: TopicSpec = target.of === 'topic' ? target.topic : PlatformTopics[target.kind]
    const listed =
      target.of === 'topic' ? Object.values<TopicSpec>(Topics).includes(spec) : target.kind !== 'directives'
    if (!listed) faults.push(`${name} handles ${spec.name}, which is no topic that can be read`)
    else if (!spec.to.includes(service))
      faults.push(`${name} handles ${spec.name}, which is not for ${service}`)
    const known = target.of === 'topic' ? topics.get(spec.name) : platforms.get(target.kind as InputKind)
    if (known) faults.push(`${known.name} and ${name} both handle ${spec.name}`)
    const decoder = target.of === 'topic' ? contractDecoder : inputDecoder
    const route: Route = { name, handle, decode: target.decoder ?? decoder(spec.event) }
    if (target.of === 'topic') topics.set(spec.name, route)
    else platforms.set(target.kind as InputKind, route)
  }
  if (complete) {
    for (const { name } of Object.values<TopicSpec>(Topics).filter((spec) => isOnlyFor(service, spec))) {
      if (!topics.has(name) && !tables.includes(name)) faults.push(`nobody handles ${name}`)
    }
    for (const [kind, spec] of Object.entries(PlatformTopics)) {
      if (isOnlyFor(service, spec) && !platforms.has(kind as InputKind))
        faults.push(`nobody handles ${spec.name}`)
    }
  }
  if (faults.length > 0) throw new WiringError(`${faults.join('; ')}.`)
  return { topics, platforms }
}

function isOnlyFor(service: ServiceName, spec: TopicSpec): boolean {
  return spec.read && spec.to.length === 1 && spec.to[0] === service
}
