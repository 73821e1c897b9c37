import { parse } from 'yaml'
import { readFileSync } from 'node:fs'

/** A message that is costly to judge, by what is costly about it. */
export interface HostileText {
  readonly name: string
  readonly text: string
  readonly links?: readonly string[]
}

/** What is repeated until the text is as long as it is to be. */
const UNITS: readonly [name: string, unit: string][] = [
  ['one letter', 'a'],
  ['words', 'buy now '],
  ['Han', '领取'],
  ['Han of many words', '中国人民银行行长工作报告'],
  ['Han parted by commas', '转,账,'],
  ['Han parted by pictures', '转😀账😀'],
  ['letters apart', 'f r a u d  '],
  ['letters apart by wide blanks', 'f   r   '],
  ['single letters', 'x '],
  ['digits apart', '1 2 3 '],
  ['initials', 'a. b. '],
  ['gaps', 'a . . . . . . . . '],
  ['links', 'a.com/x '],
  ['links with users', 'http://a@b.com/ '],
  ['links without an end', 'http://'],
  ['labels', 'a.'],
  ['labels of 63', `${'a'.repeat(63)}.`],
  ['labels of 64', `${'a'.repeat(64)}.`],
  ['dots in brackets', 'x[.]'],
  ['dots of words', 'x dot com '],
  ['endings of no link', 'a.zzz/'],
  ['addresses', '1.2.3.4/'],
  ['tags', '<b>x</b>'],
  ['tags that do not end', '<b '],
  ['ends of tags', '>'],
  ['tag of attributes', `<a x=${'y'.repeat(110)}>`],
  ['entities', '&lt;b&gt;'],
  ['entities of entities', '&amp;'],
  ['entities that nest', '&amp;amp;amp;amp;lt;'],
  ['marks', '**a**'],
  ['marks only', '*'],
  ['marks in turn', '*_'],
  ['accents', 'e\u0301'],
  ['accents only', '\u0301'],
  ['nothing seen', '\u200b'],
  ['wide', 'ａｂ'],
  ['ligatures', '\ufdfa'],
  ['bold', '𝐚'],
  ['look-alikes', 'раураl'],
  ['other scripts', 'текст на '],
  ['Hangul', '한글'],
  ['halves of pairs', '\ud83d'],
  ['contacts', 'vx:abc12345 '],
  ['names of contacts', '加微信'],
  ['numbers of contacts', 'qq 123456789 '],
  ['first part of a claim', '5g causes '],
  ['a claim', '5g causes covid '],
  ['a denied claim', '5g causes not covid '],
  ['quotes', '“说”'],
  ['questions', '?'],
  ['lines', '\n'],
  ['capitals', 'FREE MONEY!!! '],
]

/** Texts of so many UTF-16 units, and messages with fifty links; with what the words, claims and links of the default banks find. */
export function hostileTexts(length: number): HostileText[] {
  const { terms, hosts, variants } = bankWords()
  const filled = (unit: string): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)
  const texts = UNITS.map(([name, unit]): HostileText => ({ name, text: filled(unit) }))
  const each = (words: readonly string[]): string => filled(`${words.join(' ')} `)
  const shortest = [...terms].sort((a, b) => a.length - b.length)
  const links = (unit: string): string[] =>
    Array.from({ length: 50 }, () => `https://a.com/${unit.repeat(2_000 / unit.length)}`.slice(0, 2_000))
  return [
    ...texts,
    { name: 'all terms of the bank', text: each(terms) },
    { name: 'the shortest term', text: each(shortest.slice(0, 1)) },
    { name: 'the shortest terms', text: each(shortest.slice(0, 20)) },
    { name: 'the shortest terms, unparted', text: filled(shortest.slice(0, 20).join('')) },
    { name: 'all hosts of the bank', text: each(hosts) },
    { name: 'all claims of the bank', text: each(variants) },
    { name: 'fifty links', text: filled('a'), links: links('a') },
    { name: 'fifty links of links', text: filled('b'), links: links('https://b.com/?u=') },
    { name: 'fifty links of users', text: filled('c'), links: links('http://u@') },
    {
      name: 'fifty links of labels',
      text: filled('d'),
      links: Array<string>(50).fill(`https://${'a.'.repeat(990)}com`),
    },
    { name: 'fifty links of dots', text: filled('e'), links: Array<string>(50).fill('x[.]'.repeat(500)) },
  ]
}

interface BankDocument {
  readonly entries: readonly { terms?: readonly string[]; pattern?: string; variants?: readonly string[] }[]
}

function bankWords(): { terms: string[]; hosts: string[]; variants: string[] } {
  const entries = ['words', 'links', 'known-false-claims'].flatMap(
    (name) => (parse(readFileSync(`policies/banks/${name}.yaml`, 'utf8')) as BankDocument).entries,
  )
  return {
    terms: entries.flatMap(({ terms = [] }) => terms),
    hosts: entries.flatMap(({ pattern }) => pattern ?? []),
    variants: entries.flatMap(({ variants = [] }) => variants.map((variant) => variant.replaceAll('… ', ''))),
  }
}
