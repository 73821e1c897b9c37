import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../errors.js'
import type { RawRecord } from './batch.js'
import type { GivenUp } from './dead-letters.js'
import { runHandler, type Route, type Work } from './run-handler.js'

const logger = pino({ level: 'silent' })

function raws(values: readonly string[]): RawRecord[] {
  return values.map((value, i) => ({
    topic: 't',
    partition: 0,
    offset: String(i),
    timestamp: '0',
    key: null,
    value: Buffer.from(value),
    headers: {},
  }))
}

async function run(values: readonly string[], handle: Route['handle']): Promise<GivenUp[]> {
  const kept: GivenUp[] = []
  const work: Work = {
    topic: 't',
    platformId: null,
    partition: 0,
    records: raws(values),
    attempt: 1,
    heartbeat: async () => undefined,
  }
  const decode = ({ value }: RawRecord): unknown => {
    if (value!.toString() === 'undecodable') throw new PermanentError('not-json', 'No.')
    return { is: value!.toString() }
  }
  await runHandler(
    { name: 'h', decode, handle },
    work,
    { keep: async (some) => void kept.push(...some) },
    logger,
  )
  return kept
}

const kind = fc.constantFrom('good', 'good', 'good', 'undecodable', 'permanent', 'bug', 'declared')
const SLUG = { undecodable: 'not-json', permanent: 'bad', bug: 'handler-failed', declared: 'said' } as const

describe('running a handler', () => {
  it('ends each record as handled or as a dead letter with its own reason, whatever its neighbours are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { maxLength: 30 }), async (kinds) => {
        const handled = new Set<string>()
        const kept = await run(kinds, async (batch) => {
          const { records } = batch
          for (const record of records) {
            const value = record.value as { is?: string }
            const is = value.is
            delete value.is
            if (is === 'permanent') throw new PermanentError('bad', 'No.')
            if (is === 'bug') throw new TypeError('no')
            if (is === 'declared') batch.deadLetter(record, new PermanentError('said', 'No.'))
            else if (is === 'good') handled.add(record.offset)
            else throw new RetryableError('changed', 'A value was changed by an earlier attempt.')
          }
        })
        const reasons = new Map(kept.map(({ raw, error }) => [raw.offset, error.slug]))
        expect(reasons.size).toBe(kept.length)
        for (const [i, one] of kinds.entries()) {
          if (one === 'good') expect(handled.has(String(i)) && !reasons.has(String(i))).toBe(true)
          else expect(reasons.get(String(i))).toBe(SLUG[one])
        }
      }),
    )
  })

  it('keeps nothing when the whole must come again, and passes the error on as it is', async () => {
    const away = new RetryableError('away', 'Away.')
    const kept: GivenUp[] = []
    const failing = run(['undecodable', 'good'], async () => {
      throw away
    }).then((some) => kept.push(...some))
    await expect(failing).rejects.toBe(away)
    expect(kept).toEqual([])
  })

  it('tries a bug three times, since another try may find other circumstances', async () => {
    let tries = 0
    const kept = await run(['good'], async () => {
      tries++
      if (tries < 3) throw new TypeError('no')
    })
    expect([tries, kept]).toEqual([3, []])
  })
})
