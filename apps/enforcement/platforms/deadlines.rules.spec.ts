import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { SPEC_POLICY } from '../ledger/account-world.fixture.js'
import { deadlinesOf, parseDeadlines } from './deadlines.rules.js'

const issuedAt = new Date('2026-11-24T00:00:00Z')
const order = { kind: 'remove_message' as const, category: 'fraud', severity: 2 }

describe('deadlines', () => {
  it('are the platform’s own for a kind that it names, else the policy’s', () => {
    const { deadlines, problems } = parseDeadlines({
      remove_message: { acknowledge: 'PT10M', carryOut: 'PT2H' },
    })
    expect(problems).toEqual([])
    expect(deadlinesOf(order, issuedAt, SPEC_POLICY, deadlines)).toEqual({
      acknowledgeBy: new Date('2026-11-24T00:10:00Z'),
      dueAt: new Date('2026-11-24T02:00:00Z'),
    })
    expect(deadlinesOf({ ...order, kind: 'warn_account' }, issuedAt, SPEC_POLICY, deadlines)).toEqual({
      acknowledgeBy: new Date('2026-11-24T01:00:00Z'),
      dueAt: new Date('2026-11-25T00:00:00Z'),
    })
  })

  it('that are none are named', () => {
    const wrong = {
      ban_everyone: {},
      warn_account: 'soon',
      limit_account: { acknowledge: 'PT0S', carryOut: 'P1D' },
    }
    expect(parseDeadlines(wrong).problems.map(({ path }) => path)).toEqual([
      '/deadlines/ban_everyone',
      '/deadlines/warn_account',
      '/deadlines/limit_account',
    ])
  })
})
