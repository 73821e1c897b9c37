import { type RenderedNotice, renderNotice } from './render-notice.rules.js'
import { FALLBACK, TEMPLATES } from './templates/catalogue.js'
import type { PlaceType } from './templates/template.js'

const SAMPLES: Readonly<Record<PlaceType, unknown>> = {
  line: 'sample-1',
  code: 'fraud',
  instant: '2026-11-24T07:00:00Z',
  ids: ['m-1', 'm-2'],
  bilingual: { zh: '示例理由。', en: 'Sample reasons.' },
  url: 'https://weir.example/sample',
  facts: undefined,
}
/** Where the general sample of a type would read oddly. */
const SAMPLES_BY_NAME: Readonly<Record<string, unknown>> = {
  accountId: 'acc-9',
  kind: 'suspend_account',
  automated: true,
  outcome: 'partly_granted',
  measure: 'suspend',
  replacement: 'limit',
  clause: 'fraud.advance-fee',
}

/** A template with sample values, in the language given or in all; null where there is none of that name. */
export function previewOf(
  name: string,
  language?: string,
): Pick<RenderedNotice, 'subject' | 'text' | 'html' | 'languages'> | null {
  const template =
    name === 'fallback' ? FALLBACK : Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined
  if (!template) return null
  const data = Object.fromEntries(
    Object.entries(template.places).map(([place, { type }]) => [
      place,
      SAMPLES_BY_NAME[place] ?? SAMPLES[type],
    ]),
  )
  const { subject, text, html, languages } = renderNotice({
    noticeId: 'nt_sample',
    template: name,
    addressee: { kind: 'operators' },
    data: name === 'fallback' ? { reference: 'sample-1' } : data,
    createdAt: '2026-11-24T07:00:00Z',
    expiresAt: '2026-11-24T07:00:00Z',
    ...(language === undefined ? {} : { language }),
  })
  return { subject, text, html, languages }
}
