import { escapeHtml } from './escape-html.js'

/** HTML that was made by `html`: whatever came from outside in it is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = string | number | Html | null | readonly Html[]

/**
 * Tag of template literals that hold HTML: each value is escaped, for an element or a quoted attribute, unless it is HTML
 * itself. Null is nothing. Never put a value into an unquoted attribute, a script or a style.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.map((part, i) => (i === 0 ? part : written(values[i - 1] ?? null) + part))
  return new Html(text.join(''))
}

function written(value: Value): string {
  if (value === null) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(written).join('')
  return escaped(String(value))
}

/** NUL has no place in HTML; half a surrogate pair has none in UTF-8. */
function escaped(text: string): string {
  return escapeHtml(text.toWellFormed().replaceAll('\0', '\uFFFD'))
}
