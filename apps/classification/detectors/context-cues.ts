import { Lexicon, type LexiconEntry } from './lexicon.js'
import type { NormalisedText } from './normalise.js'
import type { Signal } from './signal.js'

/**
 * Wording that goes with the exceptions to every clause. A cue is a reason to let a person look, not a pardon: anybody can write
 * one, so rules should let it turn `act` into `review` and never into `clear`.
 */
const CUES: Record<
  'reporting' | 'education' | 'counter-speech' | 'satire',
  { score: number; terms: string[] }[]
> = {
  reporting: [
    {
      score: 0.8,
      terms: [
        ...[
          '据报道',
          '据新华社',
          '据央视',
          '据警方通报',
          '警方通报',
          '警情通报',
          '法院审理查明',
          '被判处有期徒刑',
          '记者从',
        ],
        ...[
          '犯罪嫌疑人',
          '已被刑事拘留',
          '依法刑事拘留',
          '检察院提起公诉',
          '案件正在进一步',
          '警方抓获',
          '警方破获',
        ],
        ...[
          'police said',
          'police say',
          'according to police',
          'was arrested',
          'were arrested',
          'was charged with',
        ],
        ...[
          'was sentenced to',
          'pleaded guilty',
          'prosecutors said',
          'a court heard',
          'reuters reported',
          'news report',
        ],
        ...['according to a report', 'investigators said', 'officials said'],
      ],
    },
  ],
  education: [
    {
      score: 0.85,
      terms: [
        ...[
          '警方提醒',
          '民警提醒',
          '反诈提醒',
          '防诈骗',
          '防骗',
          '反诈中心',
          '谨防诈骗',
          '谨防上当',
          '谨防受骗',
          '警惕诈骗',
        ],
        ...[
          '不要相信',
          '切勿相信',
          '切勿轻信',
          '不要轻信',
          '请勿轻信',
          '不要点击',
          '切勿点击',
          '请勿点击',
          '骗局揭秘',
          '揭秘骗局',
        ],
        ...[
          '诈骗套路',
          '骗子的套路',
          '常见骗术',
          '国家反诈',
          '如遇诈骗',
          '请拨打96110',
          '就是诈骗',
          '都是诈骗',
          '都是骗局',
          '防范电信',
        ],
        ...[
          'scam alert',
          'fraud alert',
          'beware of scams',
          'beware of',
          'police warn',
          'police warned',
          'how to spot',
          'watch out for',
        ],
        ...[
          'is a scam',
          'are scams',
          'this is a scam',
          'scammers will',
          'scammers may',
          'never share',
          'do not click',
          "don't click",
        ],
        ...[
          'never click',
          'do not reply',
          'report it to',
          'protect yourself',
          'fraud awareness',
          'we will never ask',
        ],
      ],
    },
  ],
  'counter-speech': [
    {
      score: 0.85,
      terms: [
        ...[
          '辟谣',
          '谣言粉碎',
          '谣言终结',
          '不实信息',
          '不实传言',
          '是谣言',
          '系谣言',
          '网传不实',
          '不信谣',
          '不传谣',
          '为谣言',
          '真相是',
        ],
        ...['拒绝歧视', '反对歧视', '停止仇恨', '抵制仇恨', '谴责', '反对暴力'],
        ...[
          'fact check',
          'fact-check',
          'debunked',
          'this is false',
          'false claim',
          'no evidence that',
          'there is no evidence',
          'myth:',
        ],
        ...[
          'is a myth',
          'is a hoax',
          'not true that',
          'misinformation',
          'we condemn',
          'i condemn',
          'stop the hate',
          'say no to hate',
        ],
        ...['stop saying', 'does not cause', 'do not cause', 'does not cure'],
      ],
    },
  ],
  satire: [
    {
      score: 0.6,
      terms: [
        ...['段子', '讽刺', '纯属虚构', '仅供娱乐', '搞笑', '恶搞', '开玩笑', '狗头保命', '[doge]', '[狗头]'],
        ...['satire', 'parody', 'just kidding', 'just joking', '/s', 'the onion', 'not serious'],
      ],
    },
  ],
}

const LEXICON = new Lexicon(
  Object.entries(CUES).flatMap(([kind, groups]) =>
    groups.flatMap(({ score, terms }) =>
      terms.map((term): LexiconEntry => ({ id: `context/${kind}`, term, category: 'context', score })),
    ),
  ),
)

/** `context/reporting`, `context/education`, `context/counter-speech`, `context/satire`, each with the cues that gave it. */
export function findContext(normalised: NormalisedText): Signal[] {
  return LEXICON.match(normalised).map((signal) => ({ ...signal, detector: 'context' }))
}
