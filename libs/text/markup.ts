/** Elements of HTML that are shown within a line, or not at all. */
const INLINE =
  'a|abbr|acronym|audio|b|bdi|bdo|big|button|canvas|cite|code|data|del|dfn|em|embed|font|i|iframe|img|input|ins|kbd|label|link|map|mark|meta|meter|nobr|noscript|object|output|picture|pre|progress|q|rp|rt|ruby|s|samp|script|select|small|source|span|strike|strong|style|sub|sup|svg|template|textarea|tg-emoji|tg-spoiler|time|title|tt|u|var|video|wbr'
/** Those that begin a line of their own. */
const BLOCK =
  'address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|li|main|menu|nav|ol|option|p|section|summary|table|tbody|td|tfoot|th|thead|tr|ul'
const TAG = new RegExp(`^</?(?:(?:${INLINE})|(${BLOCK}))(?=[\\s/>])`)
const COMMENT = /^<!--.*-->$/s
const BOARD_CODE =
  /^\[\/?(?:b|i|u|s|color|colour|size|font|url|email|img|quote|code|center|left|right|spoiler|sub|sup|list)(?:=[^\s\]]*)?\]$/
/** What only says how something looks, or where it leads: nobody reads it. */
const ATTRIBUTE =
  /^\s(?:class|style|id|href|src|color|size|face|width|height|align|dir|lang|rel|target|title|data-[a-z0-9-]+|emoji-id)\s?=\s?(?:"[^"\s]*"|'[^'\s]*'|[^\s"'=]+)/

/** A tag: whether it parts words, and which of its units everybody reads where it is not understood. */
export interface Markup {
  readonly parts: boolean
  readonly aside: readonly [from: number, to: number]
}

/** What is written as a whole, in small letters, as a tag of HTML or of boards, or a comment; undefined where it is none. */
export function markupOf(written: string): Markup | undefined {
  if (BOARD_CODE.test(written)) return { parts: false, aside: [0, 0] }
  if (COMMENT.test(written)) return { parts: false, aside: [4, written.length - 3] }
  const tag = TAG.exec(written)
  if (!tag) return undefined
  const [from, to] = [tag[0].length, written.length - (written.endsWith('/>') ? 2 : 1)]
  let rest = written.slice(from, Math.max(from, to))
  // An end within quotes is none.
  if (rest.split('"').length % 2 === 0) return undefined
  for (let known = ATTRIBUTE.exec(rest); known; known = ATTRIBUTE.exec(rest))
    rest = rest.slice(known[0].length)
  return { parts: tag[1] !== undefined, aside: rest.trim() === '' ? [0, 0] : [to - rest.length, to] }
}

const NAMED = new Map<string, string>([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ...[
    'nbsp',
    'ensp',
    'emsp',
    'emsp13',
    'emsp14',
    'numsp',
    'puncsp',
    'thinsp',
    'hairsp',
    'tab',
    'newline',
  ].map((name) => [name, ' '] as const),
  ...['shy', 'zwnj', 'zwj', 'lrm', 'rlm', 'zerowidthspace', 'nobreak', 'ic', 'it', 'af', 'applyfunction'].map(
    (name) => [name, ''] as const,
  ),
  ['period', '.'],
  ['comma', ','],
  ['excl', '!'],
  ['quest', '?'],
  ['colon', ':'],
  ['semi', ';'],
  ['lowbar', '_'],
  ['hyphen', '-'],
  ['dash', '-'],
  ['ast', '*'],
  ['num', '#'],
  ['commat', '@'],
  ['plus', '+'],
  ['equals', '='],
  ['percnt', '%'],
  ['dollar', '$'],
  ['sol', '/'],
  ['bsol', '\\'],
  ['vert', '|'],
  ['verbar', '|'],
  ['lpar', '('],
  ['rpar', ')'],
  ['lsqb', '['],
  ['lbrack', '['],
  ['rsqb', ']'],
  ['rbrack', ']'],
  ['grave', '`'],
  ['hat', '^'],
])
/** A letter with a mark, or in another face. */
const LETTER =
  /^([a-z])(?:acute|grave|circ|uml|tilde|ring|cedil|caron|breve|macr|slash|ogon|strok|scr|fr|opf)$/
const NUMBER = /^#(?:0*(\d{1,7})|x0*([\da-f]{1,6}))$/

/** The code point that an entity stands for, `name` being what is between `&` and `;`, in small letters; '' for nothing; undefined for none. */
export function entityOf(name: string): number | '' | undefined {
  const number = NUMBER.exec(name)
  if (number) {
    const cp = parseInt(number[1] ?? number[2]!, number[1] ? 10 : 16)
    return cp > 0x10ffff ? undefined : cp
  }
  const text = NAMED.get(name) ?? LETTER.exec(name)?.[1]
  return text === '' ? '' : text?.codePointAt(0)
}
