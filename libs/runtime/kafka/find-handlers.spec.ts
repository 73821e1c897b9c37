import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { Topics, type TopicSpec } from '#libs/contracts/catalogue'
import { WiringError } from '../wiring.js'
import { wire, type FoundHandler } from './find-handlers.js'

function handler(name: string, topic: TopicSpec): FoundHandler {
  return {
    name,
    target: { of: 'topic', topic, decoder: undefined, joined: false },
    handle: async () => undefined,
  }
}

const receipts: FoundHandler = {
  name: 'Receipts.on',
  target: { of: 'platforms', kind: 'receipts', decoder: undefined },
  handle: async () => undefined,
}

describe('the wiring of a service', () => {
  it('is refused when two handlers share a topic, or one reads what is not for the service', () => {
    const found = [
      handler('A.on', Topics.verdicts),
      handler('B.on', Topics.verdicts),
      handler('C.on', Topics.messages),
      receipts,
      receipts,
    ]
    const wiring = (): unknown => wire('enforcement', found, [], { complete: false })
    expect(wiring).toThrow(WiringError)
    expect(wiring).toThrow(
      'A.on and B.on both handle weir.verdicts.v1; C.on handles weir.messages.v1, which is not for enforcement; ' +
        'Receipts.on and Receipts.on both handle weir.in.<platformId>.receipts.v1.',
    )
  })

  it('is refused when it leaves a topic to nobody that only this service reads', () => {
    expect(() => wire('enforcement', [], [], { complete: true })).toThrow(
      'nobody handles weir.verdicts.v1; nobody handles weir.findings.v1; nobody handles weir.reach.v1; nobody handles weir.deliveries.v1; nobody handles weir.views.v1; nobody handles weir.in.<platformId>.receipts.v1.',
    )
    const { verdicts, findings, reach, deliveries, views } = Topics
    const topics: TopicSpec[] = [verdicts, findings, reach, deliveries, views]
    const handlers = [...topics.map((topic) => handler(`${topic.name}.on`, topic)), receipts]
    const wired = wire('enforcement', handlers, [], { complete: true })
    expect([...wired.topics.keys(), ...wired.platforms.keys()]).toEqual([
      ...topics.map(({ name }) => name),
      'receipts',
    ])
  })

  it('counts a table as a reader', () => {
    const wiring = (tables: string[]): unknown =>
      wire('classification', [handler('A.on', Topics.messages)], tables, { complete: true })
    expect(() => wiring([])).toThrow('nobody handles weir.policies.v1.')
    expect(() => wiring([Topics.policies.name])).not.toThrow()
  })

  it('is refused for a topic that is not in the catalogue', () => {
    const own = { ...Topics.verdicts, name: 'mine' } as unknown as TopicSpec
    expect(() => wire('enforcement', [handler('A.on', own)], [], { complete: false })).toThrow(
      /no topic that can be read/,
    )
  })
})
