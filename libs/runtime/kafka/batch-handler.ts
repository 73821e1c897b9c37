import 'reflect-metadata'
import type { PlatformTopicKind, PlatformTopics, TopicSpec } from '#libs/contracts/catalogue'
import type { Batch, Decoder } from './batch.js'

const HANDLER = Symbol('weir:batch-handler')

/** What a handler method is declared for. */
export type HandlerTarget =
  | {
      readonly of: 'topic'
      readonly topic: TopicSpec
      readonly decoder: Decoder<unknown> | undefined
      readonly joined: boolean
    }
  | {
      readonly of: 'platforms'
      readonly kind: PlatformTopicKind
      readonly decoder: Decoder<unknown> | undefined
    }

type HandlerMethod<T> = (batch: Batch<T>) => Promise<void>
type HandlerDecorator<T> = (
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<HandlerMethod<T>>,
) => void

/** The kinds of platform topics that Weir reads. */
export type InputKind = Exclude<PlatformTopicKind, 'directives'>
type InputOf<K extends InputKind> = InstanceType<(typeof PlatformTopics)[K]['event']>

function declare<T>(handler: HandlerTarget): HandlerDecorator<T> {
  return (_target, _property, descriptor) => {
    Reflect.defineMetadata(HANDLER, handler, descriptor.value!)
  }
}

/**
 * The method of a provider or controller that gets the records of a topic, batch by batch, one batch of a partition at a
 * time. When its promise resolves, everything that follows from the batch is durable and published; the transport then
 * commits. A PermanentError, or an error of the language, makes it run again on ever smaller parts, until the record that
 * causes it is found and kept as a dead letter; any other error pauses the partition and the same records come again. It
 * must therefore be idempotent. Without a decoder, values are JSON, checked against the topic's contract class. `joined`:
 * batches of several partitions that wait at the same time come as one (see `joinBatches`); for handlers that pay for each
 * batch with round trips.
 */
export function BatchHandler<T extends object, V = T>(
  topic: TopicSpec<T>,
  options: { decoder?: Decoder<V>; joined?: boolean } = {},
): HandlerDecorator<V> {
  return declare({ of: 'topic', topic: topic, decoder: options.decoder, joined: options.joined ?? false })
}

/** The same for that topic of every registered platform, present and to come (SPEC section 4: within 10 s, from offset 0). */
export function PlatformBatchHandler<K extends InputKind, V = InputOf<K>>(
  kind: K,
  options: { decoder?: Decoder<V> } = {},
): HandlerDecorator<V> {
  return declare({ of: 'platforms', kind, decoder: options.decoder })
}

/** What the method was declared for; undefined for a method that is no handler. */
export function handlerTargetOf(method: object): HandlerTarget | undefined {
  return Reflect.getMetadata(HANDLER, method) as HandlerTarget | undefined
}
