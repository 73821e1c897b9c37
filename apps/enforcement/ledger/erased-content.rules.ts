import { hash } from 'node:crypto'
import type { AccountIn } from '#libs/contracts/message-in'
import type { Message } from '#libs/contracts/message'

/** What remains of a judged message: when its content was erased, and the digests of that (SHA-256, hex, of UTF-8). */
export interface ErasedContent {
  at: Date
  /** Null where it had no text. */
  textSha256: string | null
  linkSha256: string[]
}

/** A text in the past tense. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'hex')
}

/**
 * A judged message without its content. Ids, instants, codes (language, kind of account) and the platform's own hashes of
 * media stay: with them what was decided is still told, counted and exported.
 */
export function withoutContent(message: Message, at: Date): { message: Message; erased: ErasedContent } {
  const { text, links = [], account, ...shell } = message
  const kind: AccountIn | undefined = account?.kind ? { kind: account.kind } : undefined
  return {
    message: { ...shell, ...(kind ? { account: kind } : {}) },
    erased: { at, textSha256: text ? digestOf(text) : null, linkSha256: links.map(digestOf) },
  }
}

/** A written text without its words. */
export interface ErasedText {
  text: ''
  textSha256: string
}

/** Every `text` in a value, however deep, replaced by its digest beside it; the same value again where there is none. */
export function withoutTexts<T>(value: T): T {
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map(withoutTexts)
    return items.every((item, i) => item === (value as unknown[])[i]) ? value : (items as T)
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const fields = value as Record<string, unknown>
  const next = Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, withoutTexts(one)]))
  const { text } = fields
  const written: Partial<ErasedText> =
    typeof text === 'string' && text !== '' ? { text: '', textSha256: digestOf(text) } : {}
  const isSame = !written.textSha256 && Object.keys(next).every((name) => next[name] === fields[name])
  return isSame ? value : ({ ...next, ...written } as T)
}
