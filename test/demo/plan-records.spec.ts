import { describe, expect, it } from 'vitest'
import { checkMessage } from '../../apps/ingestion/check-message.rules.js'
import { ownHarmfulTexts } from './harmful-texts.js'
import { LANGUAGES } from './labelled-text.js'
import { planAccounts } from './plan-accounts.js'
import { planRecords, type PlannedRecord } from './plan-records.js'

const harmless = LANGUAGES.flatMap((language) =>
  Array.from({ length: 300 }, (_, i) => ({
    text: `${language === 'zh' ? '今天天气' : 'nice day'} ${i}`,
    language,
    source: 'spec',
    labels: { fraud: 0 as const },
  })),
)
const plan = planRecords({ harmful: ownHarmfulTexts(), harmless }, planAccounts(''), 1)
const ofEnding = <E extends PlannedRecord['ending']>(ending: E) =>
  plan.filter((record): record is Extract<PlannedRecord, { ending: E }> => record.ending === ending)

describe('the plan', () => {
  it('is the same for the same seed', () => {
    expect(planRecords({ harmful: ownHarmfulTexts(), harmless }, planAccounts(''), 1)).toEqual(plan)
  })

  it('begins with a message of each platform', () => {
    expect(new Set(plan.slice(0, 2).map(({ platformId }) => platformId)).size).toBe(2)
    expect(plan.slice(0, 2).map(({ ending }) => ending)).toEqual(['accepted', 'accepted'])
  })

  it('holds every text once, in the language of its account', () => {
    const texts = ofEnding('accepted').map(({ message }) => message.text)
    expect(texts.toSorted()).toEqual([...ownHarmfulTexts(), ...harmless].map(({ text }) => text).toSorted())
    for (const { key, labelled } of ofEnding('accepted')) expect(key.startsWith(labelled.language)).toBe(true)
  })

  it('edits what was published before, and nothing that is repeated', () => {
    const first = new Map<string, number>()
    for (const { number, message } of ofEnding('accepted')) {
      if (message.change === 'edited') expect(first.get(message.messageId)).toBeLessThan(number)
      else first.set(message.messageId, number)
    }
    const edited = new Set(
      ofEnding('accepted').flatMap(({ message }) => (message.change === 'edited' ? [message.messageId] : [])),
    )
    for (const { number, of } of ofEnding('repeat')) {
      expect(of).toBeLessThan(number)
      const repeated = plan[of] as Extract<PlannedRecord, { ending: 'accepted' }>
      expect(edited).not.toContain(repeated.message.messageId)
    }
  })

  it('foresees how ingestion judges each record', () => {
    const sentAt = '2026-11-24T07:00:00Z'
    const judge = (value: object | Buffer) =>
      checkMessage(Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)))
    for (const { message } of ofEnding('accepted')) {
      expect(judge({ ...message, sentAt }).outcome).toBe('accepted')
    }
    for (const { message } of ofEnding('private')) {
      expect(judge({ ...message, sentAt }).outcome).toBe('private')
    }
    for (const { slug, bytes } of ofEnding('dead-lettered')) {
      expect(judge(bytes)).toMatchObject({ outcome: 'rejected', rejection: { slug } })
    }
  })
})
