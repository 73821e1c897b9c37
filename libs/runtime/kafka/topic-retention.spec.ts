import { expect, it } from 'vitest'
import { DeadLetterTopic, PlatformTopics, Topics } from '#libs/contracts/catalogue'
import { wantedTopic } from '#libs/contracts/topic-config'

const DAY = 86_400_000
const kept = (spec: { cleanup: string; retentionMs: number }): number | 'last' =>
  spec.cleanup === 'compact' ? 'last' : spec.retentionMs / DAY

it('topics are kept as long as SPEC says: what may hold a clear message three days', () => {
  const days = Object.fromEntries(
    [...Object.values(PlatformTopics), ...Object.values(Topics), DeadLetterTopic].map((spec) => [
      spec.name,
      kept(spec),
    ]),
  )
  expect(days).toEqual({
    'weir.in.<platformId>.messages.v1': 3,
    'weir.messages.v1': 3,
    'weir.fingerprints.v1': 3,
    'weir.verdicts.v1': 3,
    'weir.dead-letters.v1': 14,
    'weir.in.<platformId>.receipts.v1': 14,
    'weir.out.<platformId>.directives.v1': 14,
    'weir.findings.v1': 14,
    'weir.tip-offs.v1': 14,
    'weir.tip-off-states.v1': 14,
    'weir.sightings.v1': 14,
    'weir.notices.v1': 14,
    'weir.deliveries.v1': 14,
    'weir.views.v1': 14,
    'weir.reach.v1': 14,
    'weir.events.v1': 730,
    'weir.tallies.v1': 730,
    'weir.checkpoints.v1': -1 / DAY,
    'weir.policies.v1': 'last',
    'weir.platforms.v1': 'last',
    'weir.measures.v1': 'last',
  })
})

it('a broker deletes what is over though few records come: no segment is written to for long', () => {
  for (const spec of [...Object.values(PlatformTopics), ...Object.values(Topics), DeadLetterTopic]) {
    const { config } = wantedTopic(spec.name, spec, 3)
    if (spec.cleanup === 'compact' || spec.retentionMs < 0) continue
    expect(Number(config['segment.ms']), spec.name).toBeLessThanOrEqual(spec.retentionMs / 10)
  }
})
