import type { DeadLetter } from '#libs/runtime/kafka/dead-letter'

/** A letter for tests. */
export function aLetter(change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    address: '0/1',
    at: new Date('2026-11-24T07:00:00Z'),
    reason: 'schema',
    path: '/text',
    topic: 'weir.in.p1.messages.v1',
    partition: 3,
    offset: '77',
    platformId: 'p1',
    service: 'ingestion',
    attempts: 1,
    size: 2,
    truncated: false,
    redrives: 0,
    redrivenFrom: undefined,
    key: Buffer.from('acc-1'),
    value: Buffer.from('{}'),
    headers: {},
    ...change,
  }
}
