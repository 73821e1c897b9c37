import { describe, expect, it } from 'vitest'
import { delivered, fromHttpStatus, held, hopeless, tryAgain } from './attempt.rules.js'
import { healthAfter, HEALTHY, type WebhookHealth } from './webhook-health.rules.js'

const HOUR = 3_600_000
const start = Date.parse('2026-12-01T00:00:00Z')
const at = (hours: number): Date => new Date(start + hours * HOUR)
const FAILED = tryAgain('timeout')

/** After attempts at these hours, each with its result. */
function after(attempts: [number, ReturnType<typeof tryAgain>][]): WebhookHealth {
  return attempts.reduce(
    (health, [hours, result]) => healthAfter(health, result, at(hours)) ?? health,
    HEALTHY,
  )
}

describe('a webhook', () => {
  it('fails from the first failure on until one attempt is taken', () => {
    expect(after([[1, FAILED]])).toEqual({ ...HEALTHY, failingSince: at(1) })
    expect(
      after([
        [1, FAILED],
        [9, FAILED],
        [23, FAILED],
      ]),
    ).toEqual({ ...HEALTHY, failingSince: at(1) })
    expect(
      after([
        [1, FAILED],
        [2, delivered(204)],
      ]),
    ).toEqual(HEALTHY)
    expect(
      after([
        [1, FAILED],
        [2, delivered(204)],
        [25.5, FAILED],
      ]).disabledAt,
    ).toBeNull()
  })

  it('is out of use after a day of failures of any kind, and probed an hour later', () => {
    const kinds = [
      FAILED,
      fromHttpStatus(500, null),
      fromHttpStatus(302, null),
      tryAgain('forbidden-address'),
    ]
    for (const kind of kinds) {
      expect(
        after([
          [1, FAILED],
          [25, kind],
        ]),
      ).toEqual({
        failingSince: at(1),
        disabledAt: at(25),
        disabledFor: 'failing',
        probeAt: at(26),
      })
    }
    const tried = after([
      [1, FAILED],
      [25, FAILED],
      [26, FAILED],
    ])
    expect(tried.disabledAt).toEqual(at(25))
    expect(
      after([
        [1, FAILED],
        [25, FAILED],
        [26, delivered(200)],
      ]),
    ).toEqual(HEALTHY)
  })

  it('is gone at once by a 410', () => {
    expect(after([[1, fromHttpStatus(410, null)]])).toMatchObject({ disabledFor: 'gone', probeAt: null })
  })

  it('does not fail by what never reached it', () => {
    expect(
      after([
        [1, held('webhook-disabled', 5)],
        [2, hopeless('no-content')],
      ]),
    ).toEqual(HEALTHY)
  })
})
