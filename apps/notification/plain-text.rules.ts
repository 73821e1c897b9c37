/** Control characters, line and paragraph separators, and the marks that turn the direction of text around. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu
const UNPRINTABLE_BUT_NEWLINE = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** A value as one line that can stand in a header or a sentence, of at most `max` code points. */
export function oneLine(value: string, max: number): string {
  return shorten(value.toWellFormed().replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim(), max)
}

/** A value as plain text that may have several lines, of at most `max` code points. */
export function plainText(value: string, max: number): string {
  const lines = value.toWellFormed().replace(/\r\n?/g, '\n').replace(UNPRINTABLE_BUT_NEWLINE, ' ')
  return shorten(lines.trim(), max)
}

function shorten(text: string, max: number): string {
  const points = [...text]
  return points.length <= max ? text : `${points.slice(0, max - 1).join('')}…`
}
