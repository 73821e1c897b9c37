import 'reflect-metadata'
import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import {
  DEAD_LETTER_HEADERS,
  DeadLetterTopic,
  PlatformTopics,
  SERVICES,
  Topics,
  type TopicSpec,
} from './catalogue.js'
import { PLATFORM_ID } from './fields.js'
import { publishedSchemaOf } from './published-schema.js'

/** Where the document is kept, from the project's root. */
export const ASYNCAPI_FILE = 'docs/asyncapi.yaml'

type Node = Record<string, unknown>

const CLOUD_EVENT_HEADERS: Record<string, Node> = {
  ce_specversion: { type: 'string', const: '1.0' },
  ce_id: {
    type: 'string',
    description: 'The same when a record is sent again: receivers de-duplicate by it.',
  },
  ce_type: { type: 'string' },
  ce_source: { type: 'string', description: 'Which service made it.' },
  ce_time: { type: 'string', format: 'date-time' },
  traceparent: { type: 'string', description: 'W3C Trace Context.' },
}

const DEAD_LETTER_MEANINGS: Record<(typeof DEAD_LETTER_HEADERS)[number], string> = {
  'weir-reason': 'Slug of the reason.',
  'weir-path': 'The offending field, as a JSON Pointer, where there is one.',
  'weir-topic': 'Topic that the record came from.',
  'weir-partition': 'Its partition.',
  'weir-offset': 'Its offset.',
  'weir-attempts': 'How often it was tried.',
  'weir-service': 'Which service gave it up.',
}

/** The whole catalogue as an AsyncAPI 3.0 document: every channel, who sends and receives on it, headers, schemas. */
export function asyncapiDocument(): Node {
  const specs: [string, TopicSpec][] = [
    ...Object.entries(PlatformTopics).map(([name, spec]): [string, TopicSpec] => [`platform-${name}`, spec]),
    ...Object.entries(Topics).map(([name, spec]): [string, TopicSpec] => [kebab(name), spec]),
  ]
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Weir',
      version: '1.0.0',
      description:
        'Every Kafka topic of Weir. Platforms write their `weir.in.<platformId>.*` topics and read `weir.out.<platformId>.*`; ' +
        'the other topics connect the services. Values are JSON; headers follow the CloudEvents Kafka binding (binary mode). ' +
        'Generated from libs/contracts: do not edit.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      ...Object.fromEntries(specs.map(([name, spec]) => [name, channelOf(spec)])),
      'dead-letters': deadLetterChannel(),
    },
    operations: Object.assign({}, ...specs.map(([name, spec]) => operationsOf(name, spec)), {
      ...Object.fromEntries(
        SERVICES.map((service) => [
          `${service}-sends-dead-letters`,
          operation('send', 'dead-letters', service, 'record-dead-lettered'),
        ]),
      ),
    }) as Node,
    components: {
      messages: {
        ...Object.fromEntries(specs.map(([, spec]) => [messageName(spec.type), messageOf(spec)])),
        'record-dead-lettered': deadLetterMessage(),
      },
      messageTraits: {
        cloudEvent: { headers: { type: 'object', properties: CLOUD_EVENT_HEADERS } },
      },
      schemas: schemasOf(specs.map(([, spec]) => spec)),
    },
  }
}

/** The document as it is stored. */
export function asyncapiText(): string {
  return stringify(asyncapiDocument(), { lineWidth: 110, aliasDuplicateObjects: false })
}

function channelOf(spec: TopicSpec): Node {
  const name = messageName(spec.type)
  return {
    address: spec.name.replace('<platformId>', '{platformId}'),
    description: `${spec.summary} Key: ${spec.key}.`,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    ...(spec.name.includes('<platformId>')
      ? {
          parameters: {
            platformId: {
              description: `Id of the platform, ${PLATFORM_ID}. The topic name is its identity.`,
            },
          },
        }
      : {}),
    bindings: { kafka: topicBinding(spec) },
  }
}

function topicBinding(spec: Pick<TopicSpec, 'partitions' | 'cleanup' | 'retentionMs'>): Node {
  return {
    partitions: spec.partitions,
    topicConfiguration: { 'cleanup.policy': [spec.cleanup], 'retention.ms': spec.retentionMs },
    bindingVersion: '0.5.0',
  }
}

function messageOf(spec: TopicSpec): Node {
  return {
    name: spec.type,
    title: spec.event.name,
    summary: spec.summary,
    contentType: 'application/json',
    traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
    payload: { $ref: `#/components/schemas/${spec.event.name}` },
    bindings: {
      kafka: { key: { type: 'string', description: spec.key }, bindingVersion: '0.5.0' },
    },
  }
}

function deadLetterChannel(): Node {
  return {
    address: DeadLetterTopic.name,
    description: 'Records that could not be handled, for operators. Key: the original key.',
    messages: { 'record-dead-lettered': { $ref: '#/components/messages/record-dead-lettered' } },
    bindings: { kafka: topicBinding(DeadLetterTopic) },
  }
}

function deadLetterMessage(): Node {
  return {
    name: DeadLetterTopic.type,
    title: 'Dead letter',
    summary: 'Value and key are the original bytes; the reason stands in the headers.',
    contentType: 'application/octet-stream',
    headers: {
      type: 'object',
      properties: {
        ...CLOUD_EVENT_HEADERS,
        ...Object.fromEntries(
          DEAD_LETTER_HEADERS.map((name) => [
            name,
            { type: 'string', description: DEAD_LETTER_MEANINGS[name] },
          ]),
        ),
      },
      required: DEAD_LETTER_HEADERS.filter((name) => name !== 'weir-path'),
    },
    payload: { description: 'The original bytes, whatever they are.' },
  }
}

function operationsOf(channel: string, spec: TopicSpec): Node {
  const message = messageName(spec.type)
  return Object.fromEntries([
    ...spec.from.map((who) => [`${who}-sends-${channel}`, operation('send', channel, who, message)]),
    ...spec.to.map((who) => [`${who}-receives-${channel}`, operation('receive', channel, who, message)]),
  ]) as Node
}

function operation(action: 'send' | 'receive', channel: string, who: string, message: string): Node {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    tags: [{ name: who }],
    messages: [{ $ref: `#/channels/${channel}/messages/${message}` }],
  }
}

/** Every class once, references rebased from `definitions` to `components.schemas`. */
function schemasOf(specs: readonly TopicSpec[]): Node {
  const schemas: Node = {}
  for (const spec of specs) {
    const { $schema: _, definitions, ...schema } = publishedSchemaOf(spec.event)
    schemas[spec.event.name] = schema
    Object.assign(schemas, definitions)
  }
  return JSON.parse(JSON.stringify(schemas).replaceAll('"#/definitions/', '"#/components/schemas/')) as Node
}

/** `weir.message.sent.v1` → `message-sent`. */
function messageName(type: string): string {
  return type
    .replace(/^weir\./, '')
    .replace(/\.v\d+$/, '')
    .replaceAll(/[._]/g, '-')
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

if (import.meta.main) writeFileSync(ASYNCAPI_FILE, asyncapiText())
