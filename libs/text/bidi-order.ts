/** Text after it is shown backwards, whatever it is. */
export const OVERRIDE = '\u202e'

const [POP_EMBEDDING, POP_ISOLATE] = ['\u202c', '\u2069']
const EMBEDDINGS = new Set(['\u202a', '\u202b', '\u202d', OVERRIDE])
const ISOLATES = new Set(['\u2066', '\u2067', '\u2068'])
/** What ends a paragraph, and all that was opened in it (UAX 9, P1). */
const ENDS_PARAGRAPH = new Set([...'\n\r\x1c\x1d\x1e\x85\u2029'])
/** UAX 9, BD2. */
const DEEPEST = 125

interface Opened {
  /** In the order in which they are written; each is shown as it is. */
  readonly parts: number[][]
  readonly backwards: boolean
  readonly isIsolate: boolean
}

/**
 * The places of a text in the order in which they are shown, as far as overrides turn it round (UAX 9): what is embedded or isolated
 * within one keeps an order of its own. Without the marks that open and close. A pair of surrogates stays one.
 */
export function shownOrder(text: string): number[] {
  const open: Opened[] = [{ parts: [], backwards: false, isIsolate: false }]
  const close = (): void => {
    const { parts, backwards } = open.pop()!
    open.at(-1)!.parts.push((backwards ? parts.reverse() : parts).flat())
  }
  for (let i = 0; i < text.length; i += 1) {
    const unit = text[i]!
    if (EMBEDDINGS.has(unit) || ISOLATES.has(unit)) {
      if (open.length <= DEEPEST)
        open.push({ parts: [], backwards: unit === OVERRIDE, isIsolate: ISOLATES.has(unit) })
    } else if (unit === POP_EMBEDDING) {
      if (open.length > 1 && !open.at(-1)!.isIsolate) close()
    } else if (unit === POP_ISOLATE) {
      if (open.some(({ isIsolate }) => isIsolate)) {
        while (!open.at(-1)!.isIsolate) close()
        close()
      }
    } else {
      if (ENDS_PARAGRAPH.has(unit)) while (open.length > 1) close()
      const isPair = text.codePointAt(i)! > 0xffff
      open.at(-1)!.parts.push(isPair ? [i, i + 1] : [i])
      if (isPair) i += 1
    }
  }
  while (open.length > 1) close()
  return open[0]!.parts.flat()
}
