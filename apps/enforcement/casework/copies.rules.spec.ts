import { describe, expect, it } from 'vitest'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { resemblanceTo, soughtFor } from './copies.rules.js'
import { copyKeysOf } from '../ledger/cases/copy-keys.rules.js'

const TEXT = 'Whoever pays the agent a small fee today is given much more than that tomorrow.'

function entry(account: string, messageId: string, text: string, more: object = {}) {
  const { message, platformId, accountId } = aVerdict(account, messageId, { text })
  const said = { ...message, ...more }
  return { platformId, accountId, messageId, message: said, copyKeys: copyKeysOf(platformId, said) }
}

describe('copies of the messages of a case', () => {
  const sought = soughtFor([entry('a1', 'm1', TEXT, { links: ['https://example.com/a'] })])

  it('say by what they are known, and how alike the texts are', () => {
    expect(resemblanceTo(sought, entry('a2', 'm9', TEXT))).toEqual({ why: ['text'], similarity: 1 })
    const link = { links: ['http://www.example.com/a/'] }
    expect(resemblanceTo(sought, entry('a2', 'm9', 'no', link))).toEqual({ why: ['link'], similarity: null })
    expect(resemblanceTo(sought, entry('a2', 'm9', 'no', { repostOf: 'm1' }))?.why).toEqual(['repost'])
    expect(resemblanceTo(sought, entry('a2', 'm9', 'Nothing of the kind was ever said here.'))).toBeNull()
  })

  it('are no other revisions of these, nor texts that only share a key', () => {
    expect(resemblanceTo(sought, entry('a1', 'm1', `${TEXT}!`))).toBeNull()
    expect(resemblanceTo(sought, entry('a1', 'm2', `${TEXT}!`))).not.toBeNull()
    const chance = { ...entry('a2', 'm9', 'Nothing of the kind was ever said here.') }
    expect(resemblanceTo(sought, { ...chance, copyKeys: [...sought.keys.keys()].slice(-4) })).toBeNull()
  })

  it('that were kept before there were keys are not found', () => {
    const { copyKeys: _none, ...old } = entry('a2', 'm9', TEXT)
    expect(resemblanceTo(sought, old)).toBeNull()
  })

  it('are sought by a bounded number of keys, of the first messages', () => {
    const many = Array.from({ length: 100 }, (_, i) => entry('a1', `m${i}`, `${TEXT} ${i} ${'x'.repeat(i)}`))
    const { keys } = soughtFor(many)
    expect(keys.size).toBeLessThanOrEqual(150)
    expect(keys.has('rp1/m0')).toBe(true)
    const links = Array.from({ length: 50 }, (_, i) => `https://example.com/${i}`)
    expect(soughtFor([entry('a1', 'm1', TEXT, { links })]).keys.size).toBe(55)
  })
})
