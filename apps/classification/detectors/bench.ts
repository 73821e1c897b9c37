// eslint-disable-next-line no-restricted-imports -- a program of its own, which reads the files that detectors are given.
import { readFileSync } from 'node:fs'
import { type ClaimEntry, type LinkBankEntry, type WordEntry, parseBank } from './banks.js'
import { Claims } from './claims.js'
import { findContacts } from './contacts.js'
import { findContext } from './context-cues.js'
import { Lexicon } from './lexicon.js'
import { Links } from './links.js'
import { normalise } from './normalise.js'
import { TextModel } from './text-model.js'

/** Sentences of our own; texts of a length are cut from them, shuffled, so that no cache sees one text twice. */
const SENTENCES = {
  zh: '今天下午开会，请大家准时参加。新店开业，全场八折，欢迎光临！路上堵车，晚到十分钟。这本书写得真好，推荐给大家。您的快递已放在前台，请及时领取。周末天气不错，一起去爬山吧。客服热线全天开通，感谢您的支持。孩子的作业写完了吗？'.match(
    /[^。！？]+[。！？]/g,
  ),
  en: 'The meeting moved to three, please bring the notes. Our new shop opens on Friday with free coffee for all! I will be ten minutes late, traffic is bad. This book is well worth reading. Your parcel is at the front desk. Shall we go hiking at the weekend? Call our service line at any time. Visit www.example.com for details.'.match(
    /[^.!?]+[.!?]/g,
  ),
}
const TEXTS = 2000

function textsOf(language: 'zh' | 'en', length: number): string[] {
  const sentences = SENTENCES[language] ?? []
  let state = 1
  return Array.from({ length: TEXTS }, () => {
    let text = ''
    while (text.length < length) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      text += sentences[(state >>> 16) % sentences.length] ?? ''
    }
    return text.slice(0, length)
  })
}

function bank<T>(name: string): T[] {
  return parseBank(readFileSync(`policies/banks/${name}.yaml`, 'utf8')).bank?.entries as T[]
}

const lexicon = new Lexicon(bank<WordEntry>('words'))
const links = new Links(bank<LinkBankEntry>('links'))
const claims = new Claims(bank<ClaimEntry>('known-false-claims'))
const model = TextModel.load(readFileSync('models/text-v1.bin'))

function nanoseconds(texts: readonly string[], step: (text: string, i: number) => unknown): number {
  const rounds = Math.max(1, Math.floor(20_000_000 / (texts.length * Math.max(100, texts[0]?.length ?? 1))))
  let best = Infinity
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const start = process.hrtime.bigint()
    for (let round = 0; round < rounds; round += 1) texts.forEach(step)
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (rounds * texts.length))
  }
  return Math.round(best)
}

const rows = []
for (const language of ['zh', 'en'] as const) {
  for (const length of [20, 100, 200, 2000]) {
    const texts = textsOf(language, length)
    const normalised = texts.map(normalise)
    const of = (i: number) => normalised[i] as ReturnType<typeof normalise>
    rows.push({
      text: `${language} ${length}`,
      normalise: nanoseconds(texts, (text) => normalise(text)),
      lexicon: nanoseconds(texts, (_, i) => lexicon.match(of(i))),
      claims: nanoseconds(texts, (_, i) => claims.match(of(i), '2026-11-24')),
      context: nanoseconds(texts, (_, i) => findContext(of(i))),
      contacts: nanoseconds(texts, (_, i) => findContacts(of(i))),
      links: nanoseconds(texts, (text) => links.match(text)),
      model: nanoseconds(texts, (_, i) => model.score(of(i))),
      all: nanoseconds(texts, (text) => {
        const n = normalise(text)
        lexicon.match(n)
        claims.match(n, '2026-11-24')
        findContext(n)
        findContacts(n)
        links.match(text)
        model.score(n)
      }),
    })
  }
}
process.stdout.write('Nanoseconds per text, best of three:\n')
console.table(rows)
