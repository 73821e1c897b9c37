/** What JSON may hold before it is parsed: parsing takes time for each value and each level, not only for each byte. */
export interface JsonBounds {
  /** Levels of objects and lists, the outermost counted. */
  readonly maxDepth: number
  /** Values in all: objects, lists, and what stands in them. */
  readonly maxValues: number
  /** Names that one object may give: parsers build a table for each, which costs more by the name the larger it is. */
  readonly maxNames: number
}

/** Which bound was passed: of depth, or of values or names. */
export type JsonExcess = 'too-deep' | 'too-large'

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Says which bound the JSON in these bytes passes, or undefined. Builds nothing, ends at the bound, linear in the bytes. Says
 * nothing of whether they are JSON: that is for the parser, which has little to do on what passes.
 */
export function excessOf(
  bytes: Buffer,
  { maxDepth, maxValues, maxNames }: JsonBounds,
): JsonExcess | undefined {
  let depth = 0
  /** Names given so far by each object that is open, by its level. */
  const names: number[] = [0]
  let values = 1
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = endOfString(bytes, at)
    } else if (byte === COMMA) {
      if (++values > maxValues) return 'too-large'
    } else if (byte === COLON) {
      if (++names[depth]! > maxNames) return 'too-large'
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (++depth > maxDepth) return 'too-deep'
      if (++values > maxValues) return 'too-large'
      names[depth] = 0
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      // More may be closed than was opened: the parser says so.
      if (depth > 0) depth--
    }
  }
  return undefined
}

/** Where the quote stands that ends the string begun at `start`; the end of the bytes where there is none. */
function endOfString(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1)
  while (end >= 0 && isEscaped(bytes, start, end)) end = bytes.indexOf(QUOTE, end + 1)
  return end < 0 ? bytes.length : end
}

/** An odd number of backslashes before it. */
function isEscaped(bytes: Buffer, start: number, quote: number): boolean {
  let before = quote - 1
  while (before > start && bytes[before] === BACKSLASH) before--
  return (quote - 1 - before) % 2 === 1
}
