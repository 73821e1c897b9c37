import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { projectRoot } from '#libs/testing/project-root'
import { packageTexts } from '../demo/package-texts.js'

/** Real texts for load, and where they are from. */
export interface LoadTexts {
  readonly texts: string[]
  readonly about: string
}

/** A harmful text that the default policy acts on, in each language: it leads to a removal and a strike. */
export const HARMFUL = [
  'I know where you live and I will kill you and your family tonight. Count your days.',
  '内部消息，跟着老师操作稳赚不赔，收益翻三倍，名额有限，加V信 abc12345',
] as const

const MOST = 20_000

/** Posts of `../shared/data/weibo-stream` (or `folder`), else the ordinary texts of the demo. */
export async function loadTexts(folder: string | undefined, log: (line: string) => void): Promise<LoadTexts> {
  const file = join(folder ?? join(projectRoot, '..', 'shared', 'data'), 'weibo-stream', 'stream.jsonl.gz')
  if (existsSync(file)) {
    const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').slice(0, MOST)
    const texts = lines.flatMap((line) => {
      const text = line === '' ? undefined : (JSON.parse(line) as { text?: string }).text
      return text?.trim() ? [text] : []
    })
    return { texts, about: `${texts.length} real posts of weibo-stream` }
  }
  const { zh, en } = await packageTexts(log)
  const texts = [...zh, ...en].slice(0, MOST)
  return { texts, about: `${texts.length} real shop reviews and mails` }
}

/** Texts of exactly `length` code units, cut out of real ones. */
export function textsOfLength(texts: readonly string[], length: number): string[] {
  const all = texts.join(' ')
  const made: string[] = []
  for (let at = 0; at + length <= all.length && made.length < 5_000; at += length)
    made.push(
      all
        .slice(at, at + length)
        .toWellFormed()
        .replaceAll('\uFFFD', '一'),
    )
  return made
}
