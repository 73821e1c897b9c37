import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RefusedError } from '#libs/runtime/errors'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { type BankEntry, published } from './bank-entry.js'
import {
  approved,
  errorsOf,
  quarantined,
  released,
  removed,
  rewritten,
  written,
} from './change-entry.rules.js'
import { nextStep, versionOf } from './publish-banks.js'

const NOW = new Date('2026-11-24T07:00:00Z')
const textOf = (n: number) => ({
  id: 'fraud/x',
  category: 'fraud',
  score: 0.9,
  terms: [`t${n}`],
  act: n % 3 !== 0,
})

const step = fc.record({
  what: fc.constantFrom('rewrite', 'approve', 'quarantine', 'release', 'remove'),
  by: fc.constantFrom('anna', 'ben', 'cleo'),
  text: fc.nat(5),
  hasSeen: fc.boolean(),
})

describe('an entry of a bank', () => {
  it('acts only as one person wrote it and another approved it, and counts only while nobody set it aside or removed it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(5), (steps, first) => {
        let entry: BankEntry = written({ entryId: 'be_1', bank: 'words', kind: 'words' }, textOf(first), {
          by: 'anna',
          at: NOW,
        })
        // The same, kept as a list of what happened to the text that stands.
        let [text, author, approver, aside, gone] = [first, 'anna', null as string | null, false, false]
        let isAnew = false
        for (const { what, by, text: other, hasSeen } of steps) {
          const at = { by, at: NOW }
          const before = entry
          try {
            switch (what) {
              case 'rewrite':
                entry = rewritten(entry, textOf(other), at)
                if (other !== text) [text, author, approver, isAnew] = [other, by, null, true]
                break
              case 'approve':
                entry = approved(entry, at, hasSeen)
                expect(isAnew && !hasSeen).toBe(false)
                approver = by
                break
              case 'quarantine':
                entry = quarantined(entry, 'why', at)
                aside = true
                break
              case 'release':
                entry = released(entry)
                aside = false
                break
              case 'remove':
                entry = removed(entry, at)
                gone = true
            }
            expect(gone && what !== 'remove').toBe(false)
          } catch (error) {
            expect(error).toBeInstanceOf(RefusedError)
            const isOwn = what === 'approve' && (by === author || (approver !== null && approver !== by))
            const isBlind = what === 'approve' && isAnew && !hasSeen
            expect(gone || isOwn || isBlind || (what === 'approve' && !textOf(text).act)).toBe(true)
          }
          expect(entry.changes - before.changes).toBe(entry === before ? 0 : 1)
        }
        const acts = textOf(text).act && approver !== null
        expect(published(entry)).toEqual(
          gone || aside ? null : { ...textOf(text), act: acts, entryId: 'be_1' },
        )
        expect(acts && approver === author).toBe(false)
        const state = gone
          ? 'removed'
          : aside
            ? 'quarantined'
            : textOf(text).act && !acts
              ? 'waiting'
              : 'live'
        expect(entry.state).toBe(state)
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('gets no id from whoever writes it', () => {
    expect(errorsOf('words', { ...textOf(1), entryId: 'be_2' })).toEqual([
      { path: 'entryId', message: 'Is not known here.' },
    ])
    expect(errorsOf('words', textOf(1))).toEqual([])
  })
})

describe('a version', () => {
  it('names the one before, holds what counts and the ids of what does not, and begins when every service can have read it', () => {
    const one = written({ entryId: 'be_1', bank: 'words', kind: 'words' }, textOf(1), { by: 'anna', at: NOW })
    const gone = removed({ ...one, entryId: 'be_2' }, { by: 'anna', at: NOW })
    const last = {
      name: 'words',
      version: '7',
      number: 7,
      effectiveFrom: NOW,
      document: { kind: 'words' as const },
    }
    const version = versionOf(last, [one, gone], NOW)
    expect(version).toMatchObject({
      _id: 'words/8',
      document: { base: '7', entries: [{ entryId: 'be_1', act: false }], removed: ['be_2'] },
    })
    expect(version.effectiveFrom.getTime() - NOW.getTime()).toBeGreaterThanOrEqual(2_000)
    const later = new Date('2027-01-01T00:00:00Z')
    expect(versionOf({ ...last, effectiveFrom: later }, [one], NOW).effectiveFrom).toEqual(later)
  })

  it('shares its beginning with all that were made within two seconds', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (ms) => {
        const lead = nextStep(new Date(ms)).getTime() - ms
        expect(lead).toBeGreaterThanOrEqual(2_000)
        expect(lead).toBeLessThan(4_000)
        expect((ms + lead) % 2_000).toBe(0)
      }),
    )
  })
})
