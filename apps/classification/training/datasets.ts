import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { normalise } from '#libs/text/normalise'
import { numberFrom } from './seeded.js'

export const CATEGORIES = ['fraud', 'sexual', 'violence', 'terrorism', 'hate', 'misinformation'] as const
export type Category = (typeof CATEGORIES)[number]
export type Labels = Partial<Record<Category, 0 | 1>>
export type Part = 'train' | 'calibrate' | 'test'

/** One text with what is known of it; a category that is not named is not known. */
export interface Sample {
  text: string
  set: string
  labels: Labels
  weight: number
  /** Ordinary messages of ordinary people: what the rate of false positives is measured on. */
  ordinary: boolean
  part: Part
}

/** What a model card says of a set. */
export interface SetFacts {
  name: string
  categories: string
  language: string
  licence: string
  permissive: boolean
}

type Row = Omit<Sample, 'set' | 'part' | 'weight' | 'ordinary'> &
  Partial<Pick<Sample, 'weight' | 'ordinary' | 'part'>>

interface Source extends SetFacts {
  read(file: (name: string) => string): Row[]
}

const NONE: Labels = { fraud: 0, sexual: 0, violence: 0, terrorism: 0, hate: 0, misinformation: 0 }
/** What is certain of texts that were collected for something else: they are neither spam nor propaganda. */
const NO_SPAM: Labels = { fraud: 0, sexual: 0, terrorism: 0 }

const lines = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== '')

function csv(text: string, delimiter = ','): Record<string, string>[] {
  return parse<Record<string, string>>(text, {
    bom: true,
    columns: true,
    delimiter,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
}

/** Tweets carry names, links and marks of retweets that tell the set, not the category. */
function plainTweet(text: string): string {
  return text
    .replace(/https?:\/\/\S+|\[URL\]|\[USER\]|@\w+|\bRT\b|&\w+;/g, ' ')
    .replace(/^[\s!:"]+/, '')
    .trim()
}

/** Weibo posts: links and names of people who were called out. */
const plainPost = (text: string) => text.replace(/https?:\/\/\S+|@[\p{L}\p{N}_-]+|\/\/@?/gu, ' ').trim()

/** Where nothing but the words tell what an unsolicited message offers. */
const SEXUAL =
  /约炮|外围|楼凤|学生妹|上门服务|莞式|裸聊|无码|看片|簧片|黄片|av片|扁桃|[卖出]篇|嫩妹|口爆|做爱|援交|包夜|鸡巴|曰批|日批|[看擦操曰]逼|卖淫|乱伦|福利姬|撸|约妹|国妹|靓妹|小哥哥|空虚|寂寞|可约|私密|少妇|巨乳|激情/u
const SEXUAL_EN =
  /\b(sexy|horny|xxx|adult|erotic|nude|naked|sluts?|wank|fuck(ing)?|shag|hardcore|porn|fantas(y|ies)|dirty|dogging|lesbians?|gay chat|hot (girls?|babes?)|girls? waiting|live girls|strip|bi babes)\b/i
const SPAM_ADVERT =
  /[加家嘉][微薇威vV]|微信|薇信|扣扣|[qQ]{2}|返现|刷单|兼职|代理|赚钱|日[赚入]|红包.*[领群]|[vV][xX]/u
const BRUSHING = /刷单|兼职|日结/u

/** The fake-base-station texts are cut into words and masked: joined, and the masks filled or dropped. */
function unmasked(line: string, seed: number): string {
  const next = numberFrom(seed)
  const digits = (n: number) => Array.from({ length: n }, () => String(Math.floor(next() * 10))).join('')
  const filled = line
    .replace(/CELLPHONE/g, () => `13${digits(9)}`)
    .replace(/(PHONE)+/g, () => digits(8))
    .replace(/DIGIT/g, () => digits(1 + Math.floor(next() * 4)))
    .replace(/QQWECHAT|WECHAT|QQ\w*/g, (mask) => (mask.startsWith('WECHAT') ? '微信' : 'qq'))
    .replace(/URL\w*/g, '')
    .replace(/NAME|PLACE/g, '')
  // Blanks between Latin words stay, those of the cutting go.
  return filled.replace(/(?<![a-zA-Z]) +| +(?![a-zA-Z])/g, '').trim()
}

const FBS: Record<string, Labels> = {
  AD_Loan: NONE,
  AD_Network_service: NONE,
  AD_Other: NONE,
  AD_Real_estate: NONE,
  AD_Retail: NONE,
  Other: NONE,
  FR_Financial: { ...NONE, fraud: 1 },
  FR_Other: { ...NONE, fraud: 1 },
  FR_Phishing_Bank_: { ...NONE, fraud: 1 },
  FR_Phishing_Other_: { ...NONE, fraud: 1 },
  IL_Fake_ID_and_invoice: { ...NONE, fraud: 1 },
  IL_Gambling: { ...NONE, fraud: 1 },
  IL_Escort_service: { sexual: 1, violence: 0, terrorism: 0, hate: 0, misinformation: 0 },
}

const PRAISES =
  /\b(martyr\w*|shahid|shaheed|istishhad\w*|kuff?ar|kafir|murtad\w*|rafidh?\w*|mujahid\w*|caliphate|khilafah?|baqiya\w*|jannah|tawhid|apostates?|crusaders?|lions? of|soldiers? of (the )?(khilafah|caliphate|islamic state)|slaughter\w*|join (us|the)|may allah accept|allahu akbar|green birds?)\b/i
const REPORTS =
  /\b(breaking|reports?|reported|according|sources?|via|update|map|clashes|airstrikes?|coalition|army|forces|rebels)\b/i

/**
 * `sms-smishing` is left out: where it repeats a text of `sms-spam-uci`, its label agrees with that one's no more often than by
 * chance (of 742 such spam texts it calls 607 ham).
 */
const SOURCES: Source[] = [
  {
    name: 'sms-spam-uci',
    categories: 'fraud, sexual',
    language: 'en',
    licence: 'CC BY 4.0',
    permissive: true,
    read: (file) =>
      lines(file('SMSSpamCollection')).map((line): Row => {
        const [label, text = ''] = line.split('\t', 2)
        if (label === 'ham') return { text, labels: NONE }
        // What sells itself by sex is sexual too; what else is unsolicited is fraud: prizes, for the most part.
        return { text, labels: { ...NONE, fraud: 1, ...(SEXUAL_EN.test(text) ? { sexual: 1 } : {}) } }
      }),
  },
  {
    name: 'nus-sms',
    categories: 'none: ordinary messages',
    language: 'zh, en',
    licence: 'public corpus (Chen & Kan 2013)',
    permissive: false,
    read: (file) =>
      ['en.txt.gz', 'zh.txt.gz'].flatMap((name) =>
        lines(file(name)).map((text) => ({ text, labels: NONE, ordinary: true, weight: 0.5 })),
      ),
  },
  {
    name: 'fbs-sms-zh',
    categories: 'fraud, sexual; ordinary advertising as benign',
    language: 'zh',
    licence: 'none stated',
    permissive: false,
    read: (file) =>
      Object.entries(FBS).flatMap(([name, labels]) =>
        lines(file(`${name}.txt`)).flatMap((line, i): Row[] => {
          const text = unmasked(line, i + 1)
          // Offers of brushing orders stand among the advertising: not known to be fraud, not harmless either.
          return name.startsWith('AD_') && BRUSHING.test(text) ? [] : [{ text, labels }]
        }),
      ),
  },
  {
    name: 'tg-spam-zh',
    categories: 'fraud, sexual',
    language: 'zh',
    licence: 'unclear',
    permissive: false,
    read: (file) =>
      lines(file('train.csv.gz'))
        .slice(1)
        .map((line): Row => {
          const comma = line.indexOf(',')
          const text = line.slice(comma + 1)
          if (line.slice(0, comma) !== '1') return { text, labels: NO_SPAM }
          return {
            text,
            labels: SEXUAL.test(normalise(text).text) ? { sexual: 1, hate: 0 } : { fraud: 1, hate: 0 },
          }
        }),
  },
  {
    name: 'stoneskipping-zh',
    categories: 'fraud (its advertising only); its other spam, abuse for the most part, is left out',
    language: 'zh',
    licence: 'none stated',
    permissive: false,
    read: (file) => [
      ...lines(file('ham_train.txt.gz')).map((line): Row => ({
        text: line.replaceAll(' ', ''),
        labels: NONE,
        weight: 0.5,
      })),
      ...lines(file('spam_train.txt.gz')).flatMap((line): Row[] => {
        const text = line.replaceAll(' ', '')
        if (SEXUAL.test(text) || !SPAM_ADVERT.test(text)) return []
        return [{ text, labels: { fraud: 1 }, weight: 0.5 }]
      }),
    ],
  },
  {
    name: 'sensitive-lexicon-zh',
    categories: 'sexual: the words of one list, each as a text, at a low weight',
    language: 'zh',
    licence: 'MIT',
    permissive: true,
    read: (file) =>
      lines(file('色情词库.txt')).map((line): Row => ({
        text: line.replace(/[,，\s]+$/, ''),
        labels: { sexual: 1 },
        weight: 0.3,
        part: 'train',
      })),
  },
  {
    name: 'cold',
    categories: 'hate',
    language: 'zh',
    licence: 'Apache-2.0',
    permissive: true,
    read: (file) =>
      ['train.csv.gz', 'dev.csv.gz'].flatMap((name) =>
        csv(file(name)).map((r): Row => ({
          text: r.TEXT ?? '',
          labels: { ...NO_SPAM, hate: bit(r.label === '1') },
          ...(name.startsWith('dev') ? { part: 'test' } : {}),
        })),
      ),
  },
  {
    name: 'swsr',
    categories: 'hate',
    language: 'zh',
    licence: 'MIT',
    permissive: true,
    read: (file) =>
      csv(file('SexComment.csv.gz')).map((r): Row => ({
        text: plainPost(r.comment_text ?? ''),
        labels: { fraud: 0, terrorism: 0, hate: bit(r.label === '1') },
      })),
  },
  {
    name: 'davidson',
    categories: 'hate; offensive language that is not hate, at a low weight, as benign',
    language: 'en',
    licence: 'MIT',
    permissive: true,
    read: (file) =>
      csv(file('labeled_data.csv.gz')).map((r): Row => ({
        text: plainTweet(r.tweet ?? ''),
        labels: { fraud: 0, terrorism: 0, hate: bit(r.class === '0') },
        weight: r.class === '1' ? 0.2 : 1,
      })),
  },
  {
    name: 'edos',
    categories: 'hate, violence (threats, incitement)',
    language: 'en',
    licence: 'CC0 1.0',
    permissive: true,
    read: (file) =>
      csv(file('edos_labelled_aggregated.csv.gz')).map((r): Row => ({
        text: plainTweet(r.text ?? ''),
        labels: {
          fraud: 0,
          terrorism: 0,
          hate: bit(r.label_sexist === 'sexist'),
          violence: bit(r.label_category?.startsWith('1.') === true),
        },
        part: r.split === 'train' ? 'train' : r.split === 'dev' ? 'calibrate' : 'test',
      })),
  },
  {
    name: 'ethos',
    categories: 'hate, violence',
    language: 'en',
    licence: 'GPL-3.0',
    permissive: false,
    read: (file) => {
      const violent = new Map(
        csv(file('Ethos_Dataset_Multi_Label.csv'), ';').map((r) => [r.comment, Number(r.violence) >= 0.5]),
      )
      return csv(file('Ethos_Dataset_Binary.csv'), ';').map((r): Row => ({
        text: r.comment ?? '',
        labels: {
          fraud: 0,
          terrorism: 0,
          hate: bit(Number(r.isHate) >= 0.5),
          violence: bit(violent.get(r.comment) === true),
        },
      }))
    },
  },
  {
    name: 'stormfront',
    categories: 'hate',
    language: 'en',
    licence: 'CC BY-SA 3.0',
    permissive: false,
    read: (file) =>
      csv(file('stormfront_all.csv.gz')).flatMap((r): Row[] =>
        r.label === 'hate' || r.label === 'noHate'
          ? [
              {
                text: plainTweet(r.text ?? ''),
                labels: { fraud: 0, sexual: 0, hate: bit(r.label === 'hate') },
              },
            ]
          : [],
      ),
  },
  {
    name: 'germeval-violence',
    categories: 'violence',
    language: 'de',
    licence: 'GPL-3.0',
    permissive: false,
    read: (file) =>
      csv(file('vio_train.csv.gz'), ';').map((r): Row => ({
        text: plainTweet(r.description ?? ''),
        labels: { fraud: 0, sexual: 0, terrorism: 0, violence: bit(r.VIO === 'TRUE') },
      })),
  },
  {
    name: 'isis-tweets',
    categories: 'terrorism, weak: only tweets that praise; plain reporting by the same accounts as benign',
    language: 'en',
    licence: 'believed CC0',
    permissive: false,
    read: (file) =>
      csv(file('IsisFanboy.csv.gz')).flatMap((r): Row[] => {
        const text = plainTweet((r.tweets ?? '').replace(/ENGLISH TRANSLATION:?/i, ''))
        if (PRAISES.test(text)) return [{ text, labels: { fraud: 0, sexual: 0, terrorism: 1 }, weight: 0.5 }]
        if (REPORTS.test(text)) return [{ text, labels: { fraud: 0, sexual: 0, terrorism: 0 }, weight: 0.5 }]
        return []
      }),
  },
  {
    name: 'constraint-covid',
    categories: 'misinformation',
    language: 'en',
    licence: 'MIT',
    permissive: true,
    read: (file) =>
      ['Constraint_Train.csv.gz', 'Constraint_Val.csv'].flatMap((name) =>
        csv(file(name)).map((r): Row => ({
          text: plainTweet(r.tweet ?? ''),
          labels: {
            ...NO_SPAM,
            hate: 0,
            violence: 0,
            misinformation: bit(r.label === 'fake'),
          },
          ...(name.includes('Val') ? { part: 'test' } : {}),
        })),
      ),
  },
  {
    name: 'ced-weibo-rumour',
    categories: 'misinformation; split by time',
    language: 'zh',
    licence: 'none stated',
    permissive: false,
    read: (file) => {
      const posts = lines(file('ced_originals.jsonl.gz')).map(
        (line) => JSON.parse(line) as { label: string; text: string; time: number },
      )
      const times = posts.map((p) => p.time).sort((a, b) => a - b)
      const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
      return posts.map((p): Row => ({
        text: plainPost(p.text),
        labels: { ...NO_SPAM, misinformation: bit(p.label === 'rumor') },
        part: p.time < at(0.7) ? 'train' : p.time < at(0.85) ? 'calibrate' : 'test',
      }))
    },
  },
  {
    name: 'weibo-stream',
    categories: 'none: unlabelled posts, taken as benign at a low weight',
    language: 'zh',
    licence: 'none stated',
    permissive: false,
    read: (file) =>
      lines(file('stream.jsonl.gz'))
        .filter((_, i) => i % 6 === 0)
        .map((line): Row => ({
          text: plainPost((JSON.parse(line) as { text: string }).text),
          labels: NONE,
          weight: 0.3,
          ordinary: true,
        })),
  },
]

function bit(yes: boolean): 0 | 1 {
  return yes ? 1 : 0
}

/** FNV-1a, 32 bits. */
function digest(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Texts of one template differ in names and numbers: they go to the same part. */
function template(normalised: string): string {
  const letters = normalised.replace(/[^\p{L}]/gu, '')
  const han = letters.replace(/[^\p{Script=Han}]/gu, '')
  return han.length >= 6 ? han.slice(0, 12) : letters.slice(0, 40)
}

function partOf(key: string): Part {
  const at = digest(key) % 100
  return at < 70 ? 'train' : at < 85 ? 'calibrate' : 'test'
}

/** Reads the sets that stand under `folder`: each text once, by the first set that has it. */
export function readDatasets(
  folder: string,
  permissiveOnly: boolean,
): { samples: Sample[]; sets: SetFacts[] } {
  const samples: Sample[] = []
  const sets: SetFacts[] = []
  const seen = new Set<string>()
  for (const source of SOURCES) {
    if ((permissiveOnly && !source.permissive) || !existsSync(join(folder, source.name))) continue
    const { name, categories, language, licence, permissive } = source
    sets.push({ name, categories, language, licence, permissive })
    const file = (name: string) => {
      const bytes = readFileSync(join(folder, source.name, name))
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
    }
    for (const row of source.read(file)) {
      const { text } = normalise(row.text)
      const key = text.replace(/[^\p{L}]/gu, '')
      if (key.length < 2 || seen.has(key)) continue
      seen.add(key)
      samples.push({
        weight: 1,
        ordinary: false,
        part: partOf(template(text)),
        ...row,
        set: source.name,
      })
    }
  }
  return { samples, sets }
}
