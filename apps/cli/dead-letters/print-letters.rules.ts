import { isUtf8 } from 'node:buffer'
import type { DeadLetter } from '#libs/runtime/kafka/dead-letter'

/** A letter in a list: nothing of what its record holds. */
export interface ListedLetter {
  readonly letter: DeadLetter
  readonly redriven: boolean
}

/** How many letters share a reason and the topic that they came from. */
export interface LetterCount {
  readonly reason: string
  readonly topic: string
  readonly count: number
}

const LONGEST_CELL = 80

/** Control characters, and those that turn or hide text: as they are, they could move the cursor or rewrite what stands there. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

/** Text that a terminal prints as it stands; line breaks and tabs stay. */
export function harmless(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}

/** The same on one line, and cut off. */
function cell(text: string): string {
  const line = text.replace(UNSAFE, escaped)
  return line.length > LONGEST_CELL ? `${line.slice(0, LONGEST_CELL - 1)}…` : line
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_each, i) => Math.max(...rows.map((row) => row[i]!.length))) ?? []
  return rows.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
}

export function listLines(listed: readonly ListedLetter[]): string[] {
  const rows = listed.map(({ letter, redriven }) => [
    letter.address,
    letter.at.toISOString(),
    cell(letter.reason),
    cell(letter.path),
    `${cell(letter.topic)}/${letter.partition ?? '?'}/${cell(letter.offset)}`,
    cell(letter.service),
    String(letter.attempts),
    `${letter.size} B${letter.truncated ? ', cut' : ''}`,
    `${letter.redrives > 0 ? `before ×${letter.redrives} ` : ''}${redriven ? 'yes' : ''}`.trim(),
  ])
  return table([
    ['LETTER', 'TIME', 'REASON', 'PATH', 'CAME FROM', 'SERVICE', 'TRIES', 'SIZE', 'REDRIVEN'],
    ...rows,
  ])
}

/** One line of JSON, for machines. */
export function letterJson({ letter, redriven }: ListedLetter): string {
  const { address, at, reason, path, topic, partition, offset, platformId, service } = letter
  const { attempts, size, truncated, redrives, redrivenFrom } = letter
  return JSON.stringify({
    letter: address,
    at: at.toISOString(),
    reason,
    path,
    topic,
    partition: partition ?? null,
    offset,
    platformId: platformId ?? null,
    service,
    attempts,
    size,
    truncated,
    redrives,
    redrivenFrom: redrivenFrom ?? null,
    redriven,
  })
}

export function summaryLines(counts: readonly LetterCount[]): string[] {
  const rows = counts.map(({ reason, topic, count }) => [String(count), cell(reason), cell(topic)])
  return table([['LETTERS', 'REASON', 'CAME FROM'], ...rows])
}

/** Everything about one letter, its record's content too. */
export function letterLines({ letter, redriven }: ListedLetter): string[] {
  const own = Object.entries(letter.headers).flatMap(([name, header]) =>
    // A header may have no value at all, which the types of kafkajs do not know.
    ([header].flat() as (Buffer | string | null | undefined)[]).map((value) => [
      cell(name),
      value === null || value === undefined ? '(none)' : cell(contentText(value)),
    ]),
  )
  const facts = [
    ['letter', letter.address],
    ['given up', letter.at.toISOString()],
    ['redriven', redriven ? 'yes' : 'no'],
    ['size', `${letter.size} B${letter.truncated ? `, cut off after ${letter.value?.length ?? 0} B` : ''}`],
    ['key', letter.key === null ? '(none)' : cell(contentText(letter.key))],
  ]
  const value = letter.value === null ? '(none)' : contentText(letter.value)
  return [...table(facts), '', 'headers:', ...table(own), '', 'value:', value]
}

/** Bytes for people: text where it is UTF-8, else sixteen bytes a line in hexadecimal. */
function contentText(content: Buffer | string): string {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  if (isUtf8(bytes)) return harmless(bytes.toString('utf8'))
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16)
    const text = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    const hex = part.toString('hex').replace(/../g, '$& ').padEnd(49)
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex} ${text}`)
  }
  return lines.join('\n')
}
