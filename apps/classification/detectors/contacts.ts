import { Automaton } from './automaton.js'
import { KIND, Kind } from '#libs/text/fold-table'
import { type NormalisedText, normalise, originalSpan } from '#libs/text/normalise'
import { MAX_SPANS, type Signal } from './signal.js'
import { beginsBefore } from './word-edges.js'

type Service = 'wechat' | 'qq' | 'telegram' | 'whatsapp' | 'line'

/** How the services are named where somebody gives a handle; compared in normalised form. */
const NAMES: Record<Service, string[]> = {
  wechat: [
    ...[
      '微信',
      '薇信',
      '威信',
      '徽信',
      '维信',
      '微亻言',
      '溦信',
      '崴信',
      'v信',
      'vx',
      'wx',
      'wechat',
      'weixin',
    ],
    ...['加微', '加薇', '加威', '加v', '+v', '加v信', '➕v', '伽微', '伽徽', '家微', '佳v'],
  ],
  qq: ['qq', 'q群', '扣扣', '口口号', '扣群', '企鹅号', 'qq群'],
  telegram: ['telegram', 'tg', '电报', '飞机号', '飞机@', '纸飞机', '加飞机', '土豆号'],
  whatsapp: ['whatsapp', "what's app", 'whats app', 'wapp'],
  line: ['line id', 'line号', '加line'],
}

/** Words between the name of a service and the handle. */
const FILLERS = [...'号群码是为加我有联系:：=-—>→.,、，+@()（）[]【】 /|"\'‘’“”~']
const FILLER = new Uint8Array(0x10000)
for (const filler of FILLERS) FILLER[filler.charCodeAt(0)] = 1
const LONGEST_FILLER = 8

const HANDLE: Record<Service, { least: number; most: number }> = {
  wechat: { least: 5, most: 20 },
  qq: { least: 5, most: 12 },
  telegram: { least: 5, most: 32 },
  whatsapp: { least: 8, most: 18 },
  line: { least: 4, most: 20 },
}

const [COLON, AT, PLUS, UNDERSCORE, MINUS, NUMBER, ADD] = [...':@+_-号加'].map((c) => c.charCodeAt(0))

const PATTERNS: { service: Service; term: Uint16Array }[] = []
const known = new Set<string>()
for (const service of Object.keys(NAMES) as Service[]) {
  for (const name of NAMES[service]) {
    const { text, codes } = normalise(name)
    if (known.has(text)) continue
    known.add(text)
    PATTERNS.push({ service, term: Uint16Array.from(codes) })
  }
}
const AUTOMATON = Automaton.of(PATTERNS.map((p) => p.term))

/**
 * Finds handles of other messengers that a text hands out (`加微信 abc123`, `QQ：123456789`, `WhatsApp +44 …`). A hint, never
 * proof: shops do it too. A handle of letters alone counts only after a colon, an @, 号 or an invitation to add it.
 */
export function findContacts(normalised: NormalisedText): Signal[] {
  const { codes } = normalised
  let signals: Map<string, Signal> | undefined
  let past = 0
  AUTOMATON.scan(codes, (pattern, start, end) => {
    const service = (PATTERNS[pattern] as { service: Service }).service
    if (start < past || (isPlain(codes[start]) && beginsBefore(codes, start))) return
    const handleEnd = endOfHandle(codes, service, start, end)
    if (handleEnd === 0) return
    past = handleEnd
    const id = `contact/${service}`
    signals ??= new Map()
    const signal = signals.get(id) ?? { detector: 'contacts', id, score: 0.5, spans: [] }
    if (signal.spans.length < MAX_SPANS) signal.spans.push(originalSpan(normalised, start, handleEnd))
    signals.set(id, signal)
  })
  return signals ? [...signals.values()] : []
}

function isPlain(unit = 0): boolean {
  const kind = KIND[unit] as number
  return kind === Kind.latin || kind === Kind.digit
}

/** Where the handle ends that follows the name of a service; 0 when none does. */
function endOfHandle(codes: Uint16Array, service: Service, start: number, end: number): number {
  const { least, most } = HANDLE[service]
  const before = codes[start - 1]
  let invited = codes[start] === ADD || codes[start] === PLUS || before === ADD || before === PLUS
  let at = end
  while (at - end < LONGEST_FILLER && FILLER[codes[at] ?? 0] === 1) {
    const unit = codes[at]
    if (unit === COLON || unit === AT || unit === NUMBER || unit === ADD) invited = true
    at += 1
  }
  const first = at
  let digits = 0
  let letters = 0
  for (; at < codes.length && at - first <= most; at += 1) {
    const unit = codes[at] as number
    const kind = KIND[unit] as number
    if (kind === Kind.digit) digits += 1
    else if (kind === Kind.latin && service !== 'qq' && service !== 'whatsapp') letters += 1
    else if (unit !== UNDERSCORE && unit !== MINUS && !(unit === 0x20 && digits > 0 && letters === 0)) break
  }
  while (at > first && !isPlain(codes[at - 1])) at -= 1
  const length = digits + letters
  if (length < least || length > most) return 0
  if (service === 'qq' || service === 'whatsapp') return digits === length ? at : 0
  return digits > 0 || invited ? at : 0
}
