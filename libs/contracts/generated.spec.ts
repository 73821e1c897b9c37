import 'reflect-metadata'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { DeadLetterTopic, PlatformTopics, Topics } from './catalogue.js'
import { ASYNCAPI_FILE, asyncapiText } from './generate-asyncapi.js'
import { schemaFiles } from './generate-schemas.js'
import { kubernetesFiles, PERCONA_FILE, STRIMZI_FOLDER } from './generate-kubernetes.js'

/** What the AsyncAPI parser says of a document. In a plain Node: Vitest's module conditions break a package inside it. */
function parsed(file: string): { errors: unknown[]; addresses: string[] } {
  const script = `
    const { Parser } = require('@asyncapi/parser')
    new Parser().parse(require('node:fs').readFileSync(process.argv[1], 'utf8')).then(({ document, diagnostics }) => {
      const errors = diagnostics.filter((diagnostic) => diagnostic.severity <= 1)
      const addresses = document ? document.channels().all().map((channel) => channel.address()) : []
      process.stdout.write(JSON.stringify({ errors, addresses }))
    })`
  const { NODE_OPTIONS: _, ...env } = process.env
  return JSON.parse(
    execFileSync(process.execPath, ['-e', script, file], { env, encoding: 'utf8' }),
  ) as ReturnType<typeof parsed>
}

const specs = [...Object.values(PlatformTopics), ...Object.values(Topics)]

describe('generated files (make them anew with `npm run generate`)', () => {
  it('hold the schema of every topic, up to date, and no other', () => {
    const files = schemaFiles()
    for (const [path, text] of files) expect(readFileSync(path, 'utf8'), path).toBe(text)
    const stored = readdirSync('libs/contracts/schemas').map((file) => `libs/contracts/schemas/${file}`)
    expect(stored.sort()).toEqual([...files.keys()].sort())
  })

  it('describe the topics in AsyncAPI, up to date', () => {
    expect(readFileSync(ASYNCAPI_FILE, 'utf8')).toBe(asyncapiText())
  })

  it('describe topics and users for Kubernetes, up to date, in files of which none is left over', () => {
    const files = kubernetesFiles()
    for (const [path, text] of files) expect(readFileSync(path, 'utf8'), path).toBe(text)
    const stored = [...globSync(`${STRIMZI_FOLDER}/**/*.yaml`), PERCONA_FILE]
    expect(stored.sort()).toEqual([...files.keys()].sort())
  })

  it('have a topic for Strimzi for each of the catalogue, kept so and as often', () => {
    interface KafkaTopic {
      metadata: { name: string }
      spec: { partitions: number; replicas: number; config: Record<string, string | number> }
    }
    const [topics, example] = [
      `${STRIMZI_FOLDER}/topics.yaml`,
      `${STRIMZI_FOLDER}/example-platform/platform.yaml`,
    ].map((file) =>
      parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as KafkaTopic),
    )
    const stated = [...topics!, ...example!.slice(0, 3)].map(
      ({ metadata, spec: { partitions, replicas, config } }) => [
        metadata.name.replace('.example.', '.<platformId>.'),
        { partitions, replicas, inSync: config['min.insync.replicas'] },
        [config['cleanup.policy'], config['retention.ms'] ?? -1, config['message.timestamp.type']],
      ],
    )
    const wanted = [...Object.values(Topics), DeadLetterTopic, ...Object.values(PlatformTopics)].map(
      ({ name, partitions, cleanup, retentionMs, timestamps }) => [
        name,
        { partitions, replicas: 3, inSync: 2 },
        [cleanup, retentionMs, timestamps],
      ],
    )
    expect(stated).toEqual(wanted)
  })

  it('describe them in a document that the AsyncAPI parser takes, with every topic as a channel', () => {
    const { errors, addresses } = parsed(ASYNCAPI_FILE)
    expect(errors).toEqual([])
    expect(addresses.sort()).toEqual(
      [
        ...specs.map((spec) => spec.name.replace('<platformId>', '{platformId}')),
        'weir.dead-letters.v1',
      ].sort(),
    )
  })
})
