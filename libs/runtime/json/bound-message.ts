import { excessOf } from './bound-json.js'

/** Bytes that the JSON of one message may have (SPEC 4.1). */
export const MAX_MESSAGE_BYTES = 256 * 1024
/** Levels of objects and lists that it may have, the outermost counted (SPEC 4.1). */
export const MAX_MESSAGE_DEPTH = 8
/** Shorter ones are parsed as they are: that takes no millisecond, whatever they hold. */
const SMALL_BYTES = 4 * 1024

/** Which bound of a message is passed; of several the first in the order of SPEC 4.1. */
export interface MessageExcess {
  readonly slug: 'too-large' | 'too-deep'
  readonly reason: string
}

/** What bytes of JSON pass, before they are parsed. Says nothing of use about bytes that are no JSON. Linear. */
export function excessOfBytes(bytes: Buffer): MessageExcess | undefined {
  if (bytes.length > MAX_MESSAGE_BYTES) return tooManyBytes(bytes.length)
  if (bytes.length <= SMALL_BYTES) return undefined
  return excessOf(bytes, { maxDepth: MAX_MESSAGE_DEPTH, maxValues: Infinity, maxNames: Infinity }) && TOO_DEEP
}

/** The same of a value that is parsed already. Does not recurse. */
export function excessOfValue(value: unknown): MessageExcess | undefined {
  // What is deeper is not written again to be measured: that would recurse.
  const tooDeep = depthExcessOf(value)
  if (tooDeep) return tooDeep
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '')
  return bytes > MAX_MESSAGE_BYTES ? tooManyBytes(bytes) : undefined
}

const TOO_DEEP: MessageExcess = {
  slug: 'too-deep',
  reason: `It has more than ${MAX_MESSAGE_DEPTH} levels.`,
}

function tooManyBytes(bytes: number): MessageExcess {
  return { slug: 'too-large', reason: `It has ${bytes} bytes.` }
}

/** Whether it passes the bound of depth. Looks level by level. */
export function depthExcessOf(value: unknown): MessageExcess | undefined {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    const below: unknown[] = []
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue
      if (depth === MAX_MESSAGE_DEPTH) return TOO_DEEP
      for (const member of Array.isArray(node) ? (node as unknown[]) : Object.values(node)) below.push(member)
    }
    level = below
  }
  return undefined
}
