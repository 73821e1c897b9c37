const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * How many members the objects of a JSON text have, a name that is given twice counted twice. For text that
 * `JSON.parse` takes: what is compared with the members of its result tells whether any name was given twice. Linear; no
 * string is decoded.
 */
export function countNames(text: string): number {
  let names = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) at = endOfString(text, at)
    else if (unit === COLON) names++
  }
  return names
}

/** Where the string that begins at `start` has its closing quote. */
export function endOfString(text: string, start: number): number {
  const end = text.indexOf('"', start + 1)
  if (!isEscaped(text, end)) return end
  // Where one quote is escaped there are more: to go on unit by unit is faster than to jump.
  let at = end + 1
  for (let unit; (unit = text.charCodeAt(at)) !== QUOTE;) at += unit === BACKSLASH ? 2 : 1
  return at
}

function isEscaped(text: string, at: number): boolean {
  let before = at
  while (text.charCodeAt(before - 1) === BACKSLASH) before--
  return (at - before) % 2 === 1
}
