import { expect, it } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import type { CaseEntryStore } from '../cases/case-entry.store.js'
import type { AccountChanges } from './account-changes.js'
import { aVerdict } from './a-verdict.js'
import { TakeVerdicts } from './take-verdicts.js'

it('takes a verdict that came twice in one batch as it was when the message was first received', async () => {
  const kept: Verdict[] = []
  const cases = { keepEvidence: async (verdicts: Verdict[]) => void kept.push(...verdicts) }
  const changes = { make: async () => undefined }
  const take = new TakeVerdicts(changes as unknown as AccountChanges, cases as unknown as CaseEntryStore)
  const at = (receivedAt: string): Verdict => aVerdict('a1', 'm1', { at: new Date(receivedAt) })
  const [first, again] = [at('2026-11-24T07:00:00.000Z'), at('2026-11-24T07:00:01.000Z')]
  await take.take([first, again], async () => undefined)
  await take.take([again, first], async () => undefined)
  expect(kept).toEqual([first, first])
})
