import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aNotice } from './a-notice.fixture.js'
import { languagesFor, placesIn, renderNotice } from './render-notice.rules.js'
import { FALLBACK, TEMPLATES } from './templates/catalogue.js'
import { LANGUAGES } from './templates/template.js'

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'a\r\nBcc: evil@example.org',
    '<script>alert(1)</script>',
    '{reasons}{clause}',
    '"><img src=x onerror=1>',
    '\u202Egnp.exe',
    '\u2028Bcc: x',
    'javascript:alert(1)',
    '\ud800',
  ),
)

describe('the templates', () => {
  const all = Object.entries({ ...TEMPLATES, fallback: FALLBACK }).flatMap(([name, template]) =>
    LANGUAGES.map((language) => [name, language, template] as const),
  )

  it.each(all)('%s in %s names only places that it has', (_name, language, template) => {
    const text = template[language]
    const used = [text.subject, ...text.paragraphs.flat()].flatMap(placesIn)
    expect(Object.keys(template.places)).toEqual(expect.arrayContaining(used))
    expect([text.subject, ...text.paragraphs.flat()].join('').replace(/\{[A-Za-z]+\}/g, '')).not.toMatch(
      /[{}]/,
    )
  })

  it.each(all)(
    '%s in %s has a subject whose places are required, and a body',
    (_name, language, template) => {
      for (const place of placesIn(template[language].subject))
        expect(template.places[place]?.required).toBe(true)
      expect(template[language].paragraphs.length).toBeGreaterThan(1)
    },
  )

  it.each(Object.entries(TEMPLATES))('%s tells the same facts in both languages', (_name, template) => {
    const places = LANGUAGES.map((language) => template[language].paragraphs.flat().flatMap(placesIn).sort())
    expect(places[0]).toEqual(places[1])
  })
})

describe('a notice', () => {
  it('is written in its language', () => {
    const english = renderNotice(aNotice({ language: 'en-GB' }))
    expect(english).toMatchObject({
      subject: '[Weir] Measure on public account acc-9: suspend the account',
      languages: 'en',
      usedFallback: false,
    })
    expect(english.text).toContain('The message asks for a fee in advance.')
    expect(english.text).toContain('In force until: 1 December 2026 at 07:00 UTC')
    expect(english.text).not.toContain('预付')

    const chinese = renderNotice(aNotice({ language: 'zh-Hans-CN' }))
    expect(chinese.subject).toBe('【Weir】对公众账号 acc-9 的措施：暂停账号')
    expect(chinese.text).toContain('该消息要求预付费用。')
    expect(chinese.text).toContain('期限至：2026年12月1日 07:00 UTC')
  })

  it.each([undefined, 'fr', '', 'e'])('is written in both when its language is %s', (language) => {
    const both = renderNotice(aNotice(language === undefined ? {} : { language }))
    expect(both.languages).toBe('zh, en')
    expect(both.text).toContain('该消息要求预付费用。')
    expect(both.text).toContain('The message asks for a fee in advance.')
  })

  it('leaves out lines without a value, and headings without their text', () => {
    const { text } = renderNotice(aNotice({ language: 'en', data: { accountId: 'a', kind: 'warn_account' } }))
    expect(text).toContain('Account: a')
    expect(text).not.toMatch(/Reasons|Clause|object here|Directive:|undefined|null/)
  })

  it.each([
    ['its template is unknown', aNotice({ template: 'new-kind', language: 'en', data: { ref: 'x-1' } })],
    ['it lacks a required place', aNotice({ language: 'en', data: { ref: 'x-1' } })],
    [
      'its template is named like a method',
      aNotice({ template: 'constructor', language: 'en', data: { ref: 'x-1' } }),
    ],
  ])('is told by its simple facts when %s', (_why, notice) => {
    const rendered = renderNotice(notice)
    expect(rendered.usedFallback).toBe(true)
    expect(rendered.subject).toBe(`[Weir] Notice: ${notice.template}`)
    expect(rendered.text).toContain('ref: x-1')
  })

  it('is the same text each time', () => {
    expect(renderNotice(aNotice())).toEqual(renderNotice(aNotice()))
  })

  it('lets no value add a header, a tag, a link scheme or a place', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (accountId, clause, reasons, appealUrl) => {
        const data = {
          accountId: `a${accountId}`,
          kind: 'suspend_account',
          clause,
          reasons,
          appealUrl,
          messageIds: [clause],
        }
        for (const template of ['measure-ordered', 'unknown']) {
          const { subject, text, html } = renderNotice(aNotice({ template, data }))
          expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E]/u)
          expect(text).not.toMatch(/(?!\n)[\p{Cc}\u2028\u202A-\u202E]/u)
          const tags = [...html.matchAll(/<\/?([a-z0-9!]+)/gi)].map((tag) => tag[1]?.toLowerCase())
          expect(['!doctype', 'html', 'head', 'meta', 'body', 'div', 'p', 'br', 'hr', 'a']).toEqual(
            expect.arrayContaining([...new Set(tags)]),
          )
          expect(html).not.toMatch(/href="(?!https?:)/)
          expect(subject.isWellFormed() && text.isWellFormed()).toBe(true)
        }
      }),
    )
  })

  it('fills places once: a value that looks like a place stays as it is', () => {
    const data = { accountId: '{clause}', kind: 'warn_account', clause: 'fraud.x' }
    expect(renderNotice(aNotice({ language: 'en', data })).subject).toContain('{clause}')
  })
})

describe('the language of a tag', () => {
  it.each([
    ['zh', ['zh']],
    ['ZH_cn', ['zh']],
    ['en', ['en']],
    ['eng', ['zh', 'en']],
    [undefined, ['zh', 'en']],
  ])('%s', (tag, expected) => {
    expect(languagesFor(tag)).toEqual(expected)
  })
})
