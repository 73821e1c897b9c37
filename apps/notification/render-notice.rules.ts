import { isInstant } from '#libs/contracts/fields'
import type { Notice } from '#libs/contracts/notice'
import { writeInstant } from '#libs/contracts/write-instant'
import { escapeHtml } from '#libs/runtime/pages/escape-html'
import { oneLine, plainText } from './plain-text.rules.js'
import { FALLBACK, TEMPLATES } from './templates/catalogue.js'
import { LANGUAGES, type Language, type PlaceType, type Template } from './templates/template.js'
import { WORDS } from './templates/words.js'

/** A notice as people read it. */
export interface RenderedNotice {
  subject: string
  text: string
  html: string
  /** Of the whole, as in `Content-Language`. */
  languages: string
  /** The notice's template was unknown or its data lacked a required place. */
  usedFallback: boolean
}

const MAX_LINE = 300
const MAX_TEXT = 5_000
const MAX_SUBJECT = 200
const MAX_IDS = 10
const MAX_FACTS = 40
const PLACE = /\{([A-Za-z]+)\}/g

/**
 * Writes a notice in its language, or in all of them when it names none that we speak. Depends on the notice only.
 * No value can add a header, a tag or a place: values are made plain, and filled in once.
 */
export function renderNotice(notice: Notice): RenderedNotice {
  const data: Record<string, unknown> = { ...notice.data, template: notice.template }
  const wanted = Object.hasOwn(TEMPLATES, notice.template) ? TEMPLATES[notice.template] : undefined
  const fits = wanted !== undefined && isFilled(wanted, data)
  const template = fits ? wanted : FALLBACK
  const languages = languagesFor(notice.language)
  const parts = languages.map((language) => renderIn(template, language, data))
  return {
    subject: oneLine(parts.map((part) => part.subject).join(' / '), MAX_SUBJECT),
    text: `${parts.map((part) => part.text).join('\n\n----\n\n')}\n`,
    html: htmlPage(parts.map((part) => part.html)),
    languages: languages.join(', '),
    usedFallback: !fits,
  }
}

/** The languages a notice is written in: the one that its tag begins with, else all. */
export function languagesFor(tag: string | undefined): readonly Language[] {
  const primary = tag?.toLowerCase().split(/[-_]/)[0]
  const spoken = LANGUAGES.find((language) => language === primary)
  return spoken ? [spoken] : LANGUAGES
}

/** The names of the places in a text. */
export function placesIn(text: string): string[] {
  return [...text.matchAll(PLACE)].map((match) => match[1] ?? '')
}

function isFilled(template: Template, data: Record<string, unknown>): boolean {
  return Object.entries(template.places).every(
    ([name, place]) => !place.required || writeValue(place.type, data[name], 'en', data) !== null,
  )
}

function renderIn(template: Template, language: Language, data: Record<string, unknown>) {
  const fill = (line: string, asHtml: boolean): string | null =>
    fillLine(template, line, language, data, asHtml)
  const paragraphs = (asHtml: boolean): string[][] =>
    template[language].paragraphs
      .map((lines) => {
        const kept = lines.filter((line) => fill(line, asHtml) !== null)
        return isLoneHeading(lines, kept) ? [] : kept.map((line) => fill(line, asHtml) ?? '')
      })
      .filter((lines) => lines.length > 0)
  const html = paragraphs(true).map((lines) => `<p>${lines.join('<br>\n')}</p>`)
  return {
    subject: fill(template[language].subject, false) ?? '',
    text: paragraphs(false)
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
    html: `<div lang="${language}">\n${html.join('\n')}\n</div>`,
  }
}

/** Of a paragraph that began with fixed words, only those are left. */
function isLoneHeading(lines: readonly string[], kept: readonly string[]): boolean {
  return (
    lines.length > 1 && kept.length === 1 && kept[0] === lines[0] && placesIn(lines[0] ?? '').length === 0
  )
}

/** A line with its places filled, or null when one of them has no value. */
function fillLine(
  template: Template,
  line: string,
  language: Language,
  data: Record<string, unknown>,
  asHtml: boolean,
): string | null {
  let complete = true
  const filled = line.split(/(\{[A-Za-z]+\})/).map((piece) => {
    const name = placesIn(piece)[0]
    if (name === undefined) return asHtml ? escapeHtml(piece) : piece
    const type = template.places[name]?.type ?? 'line'
    const value = writeValue(type, data[name], language, data)
    if (value === null) complete = false
    return asHtml ? toHtml(type, value ?? '') : (value ?? '')
  })
  return complete ? filled.join('') : null
}

function toHtml(type: PlaceType, value: string): string {
  const escaped = escapeHtml(value)
  if (type === 'url') return `<a href="${escaped}">${escaped}</a>`
  return escaped.replaceAll('\n', '<br>\n')
}

/** How a value is written, or null when there is none of that type. */
function writeValue(
  type: PlaceType,
  value: unknown,
  language: Language,
  data: Record<string, unknown>,
): string | null {
  switch (type) {
    case 'line':
      return writeLine(value)
    case 'code': {
      const code = typeof value === 'boolean' ? String(value) : writeLine(value)
      return code === null ? null : Object.hasOwn(WORDS, code) ? (WORDS[code]?.[language] ?? code) : code
    }
    case 'instant':
      return isInstant(value) ? writeInstant(new Date(value), language) : null
    case 'ids': {
      if (!Array.isArray(value) || value.length === 0) return null
      const ids = value.slice(0, MAX_IDS).map((id) => writeLine(id) ?? '?')
      return ids.join(', ') + (value.length > MAX_IDS ? ` … (${value.length})` : '')
    }
    case 'bilingual': {
      const text =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[language] : value
      return typeof text === 'string' ? plainText(text, MAX_TEXT) || null : null
    }
    case 'url':
      return writeUrl(value)
    case 'facts':
      return writeFacts(data)
  }
}

function writeLine(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? oneLine(value, MAX_LINE) || null : null
}

function writeUrl(value: unknown): string | null {
  const url = typeof value === 'string' && value.length <= 2_048 ? URL.parse(value) : null
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '') return null
  return url.href
}

function writeFacts(data: Record<string, unknown>): string | null {
  const lines = Object.entries(data).flatMap(([name, value]) => {
    const written = typeof value === 'boolean' ? String(value) : writeLine(value)
    return name === 'template' || written === null ? [] : [`${oneLine(name, 60)}: ${written}`]
  })
  return lines.slice(0, MAX_FACTS).join('\n') || null
}

function htmlPage(parts: string[]): string {
  return [
    '<!doctype html>',
    '<html><head><meta charset="utf-8"></head>',
    '<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">',
    parts.join('\n<hr>\n'),
    '</body></html>',
    '',
  ].join('\n')
}
