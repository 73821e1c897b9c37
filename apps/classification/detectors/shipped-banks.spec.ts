import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ClaimEntry, parseBank, type WordEntry } from '#libs/policy/banks/bank-entries'
import { normalise } from '#libs/text/normalise'
import { Claims } from './claims.js'
import { findContext } from './context-cues.js'
import { Lexicon } from './lexicon.js'

const shipped = (name: string) =>
  parseBank(readFileSync(new URL(`../../../policies/banks/${name}.yaml`, import.meta.url), 'utf8'))

describe('the shipped banks', () => {
  it.each(['words', 'links', 'known-false-claims'])('%s has no error', (name) => {
    const { bank, errors } = shipped(name)
    expect(errors).toEqual([])
    expect(bank?.entries.length).toBeGreaterThan(8)
  })

  const words = Lexicon.of(shipped('words').bank?.entries as WordEntry[])
  const categories = (text: string, least: number) =>
    words.match(normalise(text)).flatMap((s) => (s.score >= least ? [s.id.split('/')[0]] : []))

  it('names an id after its category, and lets no hint act alone', () => {
    for (const entry of shipped('words').bank?.entries as WordEntry[]) {
      expect(entry.id.startsWith(`${entry.category}/`)).toBe(true)
      if (entry.unambiguous) expect(entry.act && entry.score >= 0.9).toBe(true)
      expect(words.match(normalise(entry.term)).map((s) => s.id)).toContain(entry.id)
    }
  })

  it.each([
    ['fraud', '诚招 刷 单 兼职，每單 返傭金'],
    ['fraud', 'Dоuble your Bitсoin today'],
    ['sexual', '高端外圍，可約可上門'],
    ['violence', 'We should KILL them all'],
    ['terrorism', 'pledge allegiance to the Islamic State'],
    ['hate', 'These people are vermin and subhuman, they are vermin'],
  ])('finds %s in %s', (category, text) => {
    expect(categories(text, 0.9)).toContain(category)
  })

  it.each([
    '今天去银行办了张卡，排队排了两个小时',
    '我们公司招聘前台，月薪五千，有意请投简历',
    'The bank said the processing time is three days',
    'I could kill for a coffee right now',
    'My escort car broke down',
  ])('finds nothing sure in %s', (text) => {
    expect(categories(text, 0.6)).toEqual([])
  })
})

describe('Claims', () => {
  const entries = shipped('known-false-claims').bank?.entries as ClaimEntry[]
  const claims = new Claims(entries)
  const match = (text: string, today = '2026-11-24') => claims.match(normalise(text), today)

  it('finds each way of putting each claim', () => {
    for (const { id, variants } of entries) {
      for (const variant of variants) {
        expect(match(variant.replaceAll('…', ' ')).map((s) => s.id)).toContain(`claim/${id}`)
      }
    }
  })

  it('gives the whole of it as span, and the entry behind it', () => {
    const text = '听说５Ｇ基站会傳播这种病毒，快扔手机'
    const [signal] = match(text)
    expect(text.slice(...signal!.spans[0]!)).toBe('５Ｇ基站会傳播这种病毒')
    expect(claims.entryOf(signal!.id)?.source).toMatch(/^https:/)
  })

  it('needs the parts in order and near each other', () => {
    expect(match('新冠之后，5g 导致了手机涨价')).toEqual([])
    expect(match(`5g${'很'.repeat(60)}导致新冠`)).toEqual([])
    expect(match('5g 很导致很新冠').length).toBe(1)
  })

  it('approves of two of one id only what both may', () => {
    const [one] = entries.filter(({ act }) => act)
    for (const pair of [
      [one!, { ...one!, act: false }],
      [{ ...one!, act: false }, one!],
    ])
      expect(new Claims(pair).entryOf(`claim/${one!.id}`)?.act).toBe(false)
    expect(new Claims([one!, one!]).entryOf(`claim/${one!.id}`)?.act).toBe(true)
  })

  it('knows an expired claim no more', () => {
    expect(match('吃盐可以防辐射', '2027-12-31').length).toBe(1)
    expect(match('吃盐可以防辐射', '2028-01-01')).toEqual([])
  })
})

describe('findContext', () => {
  it.each([
    ['【辟谣】5G传播新冠系谣言', 'context/counter-speech'],
    ['警方提醒：刷单返利都是诈骗，切勿轻信', 'context/education'],
    ['Police said the man was arrested for selling guns', 'context/reporting'],
    ['Scam alert: never share your code', 'context/education'],
    ['FACT CHECK: bleach does not cure anything', 'context/counter-speech'],
    ['以上纯属虚构，开玩笑的', 'context/satire'],
  ])('%s: %s', (text, id) => {
    const signals = findContext(normalise(text))
    expect(signals.map((s) => s.id)).toContain(id)
    expect(signals[0]).toMatchObject({ detector: 'context' })
  })

  it('is silent on plain offers', () => {
    expect(findContext(normalise('诚招刷单兼职，日结，加微信'))).toEqual([])
  })
})
