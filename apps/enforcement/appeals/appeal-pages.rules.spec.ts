import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIRECTIVE_KINDS } from '#libs/contracts/directive'
import { hostileText } from '#libs/runtime/pages/hostile-text.fixture'
import { PAGE_LANGUAGES } from '#libs/runtime/pages/page-language'
import { AccountWorld } from '../ledger/account-world.fixture.js'
import { applyVerdicts } from '../ledger/apply-verdicts.rules.js'
import { APPEAL_STATES } from './appeal-transitions.js'
import { appealPage, appealProblemPage, receivedPage, statusPage } from './appeal-pages.rules.js'
import { PAGE_WORDS } from './page-words.js'

const place = { language: 'en', elsewhere: '?lang=zh' } as const

function statement() {
  const world = new AccountWorld()
  const now = new Date('2026-11-24T07:00:00Z')
  const fact = {
    verdictId: 'v1',
    messageId: 'm1',
    outcome: 'act' as const,
    mode: 'live',
    categories: [
      { category: 'fraud', clause: 'c.4', score: 1, outcome: 'act' as const, severity: 4, signals: [] },
    ],
    policyVersion: '1',
    receivedAt: now,
    sentAt: now,
    language: null,
    account: { followers: 10 },
  }
  return world.apply(applyVerdicts(world.facts, [fact], world.context(now))).statements[1]!
}

/** What a browser would read as tags: their names and attributes, without values. */
function tagsOf(page: string): string[] {
  return [...page.matchAll(/<(\/?[a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(
    ([, name, attributes]) => `${name}${attributes!.replace(/="[^"]*"/g, '').replace(/\s+/g, ' ')}`,
  )
}

const pageWith = (text: string): string =>
  appealPage(place, {
    statement: {
      ...statement(),
      accountId: text,
      reasons: { zh: text, en: text },
      ground: { ...statement().ground, clause: text, category: text },
    },
    evidence: [{ messageId: text, sentAt: '2026-11-24T07:00:00Z', text, links: [text] }],
    until: new Date('2027-05-01T00:00:00Z'),
    hindrance: null,
    token: text,
    nonce: text,
  })

describe('the page of an appeal', () => {
  it('has the same tags whatever stands in it, and nothing that runs', () => {
    const tags = tagsOf(pageWith('x'))
    expect(tags.filter((tag) => /^(script|img|iframe|object|link|base)|\bon[a-z]+/.test(tag))).toEqual([])
    fc.assert(
      fc.property(hostileText, (value) => {
        const page = pageWith(`a${value}`)
        expect(tagsOf(page)).toEqual(tags)
        expect(page.split('<').length).toBe(pageWith('x').split('<').length)
      }),
      { numRuns: 500 },
    )
  })

  it('shows text as it was written, with a label for each field and headings in order', () => {
    const page = pageWith('line one\nline two')
    expect(page).toContain('>line one\nline two\nline one\nline two</blockquote>')
    for (const [, id] of page.matchAll(/<(?:textarea|input)[^>]* id="([^"]+)"/g)) {
      expect(page).toContain(`<label for="${id}">`)
    }
    expect([...page.matchAll(/<h(\d)/g)].map(([, level]) => level)).toEqual(['1', '2', '2', '2'])
    expect(page).toContain('<html lang="en">')
  })

  it('offers no form when the window is over, and shows nothing of what is sealed', () => {
    const given = {
      statement: statement(),
      until: new Date('2027-05-01T00:00:00Z'),
      token: 't',
      evidence: [{ messageId: 'm1', sentAt: '2026-11-24T07:00:00Z', text: null, links: [] }],
    }
    const page = appealPage(place, { ...given, nonce: 'n', hindrance: 'window-over' })
    expect(page).not.toContain('<form')
    expect(page).toContain(PAGE_WORDS.en.problems['window-over'])
    expect(page).toContain(PAGE_WORDS.en.sealed)
  })

  it('has a word for every kind, state and problem in both languages', () => {
    for (const language of PAGE_LANGUAGES) {
      const words = PAGE_WORDS[language]
      expect(Object.keys(words.kinds).sort()).toEqual([...DIRECTIVE_KINDS].sort())
      for (const state of APPEAL_STATES) {
        for (const can of [true, false]) {
          const found = { receiptCode: 'rc_1', state, takesFacts: can, canWithdraw: can }
          const page = statusPage({ ...place, language }, found)
          expect(page).toContain(words.states[state])
          expect([words.withdraw, words.sendFacts].map((word) => page.includes(word))).toEqual([can, can])
        }
      }
      expect(receivedPage({ ...place, language }, 'rc_<1>')).toContain('rc_&lt;1&gt;')
      for (const slug of ['already-decided', 'too-many-appeals']) {
        expect(appealProblemPage({ ...place, language }, slug)).toMatch(
          /court .*dispute settlement body|法院.*争议解决机构/,
        )
      }
      expect(appealProblemPage({ ...place, language }, 'constructor')).toContain(words.problems['not-found'])
    }
    expect(Object.keys(PAGE_WORDS.zh.problems)).toEqual(Object.keys(PAGE_WORDS.en.problems))
  })
})
