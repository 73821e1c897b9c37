import type { ActsOn, Category } from './policy-document.js'

/**
 * Harms on which no policy may act more freely than SPEC promise 5 and section 1 say. A category is of a kind by what it is called,
 * in its id, its titles or the DSA database, and a signal by who found it: another name changes nothing.
 */
export const HARM_KINDS = ['misinformation', 'coordination', 'child_safety'] as const
export type HarmKind = (typeof HARM_KINDS)[number]

/** What a category of a kind may act on, the freest first. */
export const MAX_ACTS_ON: Readonly<Record<HarmKind, readonly [ActsOn, ...ActsOn[]]>> = {
  misinformation: ['known-claim', 'nothing'],
  coordination: ['nothing'],
  child_safety: ['known-media', 'nothing'],
}

/** As parts of a name, folded. */
const NAMES: Readonly<Record<HarmKind, readonly string[]>> = {
  misinformation: [
    ...[
      'misinform',
      'disinform',
      'malinform',
      'misinfo',
      'disinfo',
      'rumour',
      'rumor',
      'fakenews',
      'falsenews',
    ],
    ...['falseclaim', 'falseinformation', 'falsehood', 'untruth', 'hoax', 'conspiracytheor'],
    ...[
      '虚假信息',
      '虛假信息',
      '虚假消息',
      '假消息',
      '假新闻',
      '假新聞',
      '谣言',
      '謠言',
      '不实信息',
      '不實資訊',
      '错误信息',
    ],
  ],
  coordination: [
    ...[
      'coordination',
      'coordinatedinauthentic',
      'coordinatedbehavio',
      'inauthenticbehavio',
      'inauthenticaccount',
    ],
    ...['botnet', 'sockpuppet', 'astroturf', '协同', '協同', '水军', '水軍'],
  ],
  child_safety: [
    ...[
      'childsafety',
      'childabuse',
      'childsexual',
      'childporn',
      'childexploit',
      'childprotect',
      'sexualabuseofchild',
    ],
    ...['kidssafety', 'kidsafety', 'safetyofchild', 'protectionofchild', 'protectionofminor', 'minorsafety'],
    ...[
      'minorssafety',
      'minorprotection',
      'csam',
      'csem',
      'csae',
      'underage',
      'grooming',
      'pedophil',
      'paedophil',
    ],
    ...['儿童', '兒童', '未成年', '幼童', '恋童', '戀童'],
  ],
}
/** As whole names, folded: too short to be looked for in others. */
const WHOLE_NAMES: Readonly<Record<HarmKind, readonly string[]>> = {
  misinformation: ['mis', 'disinfo'],
  coordination: ['coordinated', 'inauthentic', 'cib'],
  child_safety: ['csa', 'csea', 'child', 'children', 'minors', 'kids'],
}
/** How the DSA Transparency Database calls them. */
const DSA_NAMES: Readonly<Record<HarmKind, readonly string[]>> = {
  misinformation: ['KEYWORD_MISINFORMATION_DISINFORMATION', 'KEYWORD_MISINFORMATION'],
  coordination: ['KEYWORD_INAUTHENTIC_ACCOUNTS', 'KEYWORD_COORDINATED_INAUTHENTIC_BEHAVIOUR'],
  child_safety: [
    'STATEMENT_CATEGORY_PROTECTION_OF_MINORS',
    'KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL',
    'KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS',
  ],
}

/** Detectors that look for one kind only, whatever their signals are called. */
const DETECTORS: Readonly<Record<string, HarmKind>> = {
  'known-claim': 'misinformation',
  'unapproved-claim': 'misinformation',
  claims: 'misinformation',
  coordination: 'coordination',
}

/** The detector that compares media with banks of known ones: what it finds is sealed. */
const KNOWN_MEDIA_DETECTORS: readonly string[] = ['media', 'known-media']

/** The kinds that a name stands for, in whatever case, width or spelling. */
export function kindsOfName(name: string): HarmKind[] {
  const folded = fold(name)
  return HARM_KINDS.filter(
    (kind) => WHOLE_NAMES[kind].includes(folded) || NAMES[kind].some((part) => folded.includes(part)),
  )
}

/** The kinds that a category of a policy is of. */
export function kindsOf(id: string, category: Pick<Category, 'title' | 'dsa'> | undefined): HarmKind[] {
  const names = [id, ...Object.values(category?.title ?? {})]
  const dsa = [category?.dsa?.category ?? '', ...(category?.dsa?.keywords ?? [])]
  return HARM_KINDS.filter(
    (kind) =>
      names.some((name) => kindsOfName(name).includes(kind)) ||
      dsa.some((name) => DSA_NAMES[kind].includes(name)),
  )
}

/** The kinds that a signal is evidence of: by its detector, else by the category that its id begins with. */
export function kindsOfSignal({ detector, id }: { detector: string; id: string }): HarmKind[] {
  const known = Object.hasOwn(DETECTORS, detector) ? DETECTORS[detector] : undefined
  return known ? [known] : kindsOfName(id.split('/')[0]!)
}

/** Whether a signal says that a medium is a known one. */
export function isKnownMedia({ detector }: { detector: string }): boolean {
  return KNOWN_MEDIA_DETECTORS.includes(detector)
}

/** What a category may act on: what its policy says, and no more than its kinds allow. */
export function boundOf(id: string, category: Pick<Category, 'title' | 'dsa' | 'actsOn'>): ActsOn {
  const allowed = kindsOf(id, category).map((kind) => MAX_ACTS_ON[kind])
  if (allowed.every((some) => some.includes(category.actsOn))) return category.actsOn
  const freest = new Set(allowed.map(([first]) => first))
  return freest.size === 1 ? [...freest][0]! : 'nothing'
}

/** Letters and digits in one case and width, with the digits that pass for letters as those. */
function fold(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('0', 'o')
    .replaceAll('1', 'i')
    .replaceAll('3', 'e')
    .replaceAll('4', 'a')
    .replaceAll('5', 's')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}
