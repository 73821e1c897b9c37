import { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { Verdict } from '#libs/contracts/verdict'
import { parsePolicy } from '#libs/policy/parse-policy'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { askedFor } from '../../classification/classify-request.rules.js'
import { TextModel } from '../../classification/detectors/text-model.js'
import { explain, type Explanation } from '../../classification/explain.rules.js'
import { buildJudge } from '../../classification/judge.js'
import { documentsNamed, inForceAt } from '../../classification/policy/policy-book.rules.js'
import { type Recomputable, recompute } from '../../classification/recompute.rules.js'
import { readTable } from '../read-table.js'
import { type ApiOptions, ServiceApi } from '../service-api.js'
import { verdictsOfDecision } from './decision-verdicts.js'
import { BRACKETS, COLOURS, explanationLines, recomputedLines } from './print-explanation.rules.js'
import { publishedFiles } from './published-files.js'

interface ExplainOptions extends ApiOptions {
  readonly decision?: string
  readonly platform: string
  /** A folder, or true for that of the first start. */
  readonly files?: string | true
  readonly models: string
  readonly json?: true
}

/** What is explained: something that was judged before, or a message. */
type Subject = { readonly stored: Recomputable & Partial<Verdict> } | { readonly message: unknown }

/** `weir explain`. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('Says why a message is judged as it is, and marks what led to it.')
    .argument('[file]', 'a message as platforms send it, or a verdict, as JSON; - for stdin')
    .option('--decision <id>', 'instead of a file: the verdicts that a decision rests on')
    .option('--platform <id>', 'whose message it is', 'p1')
    .option(
      '--files [folder]',
      'judges by the policy and banks in a folder (default: policies), not by what is published',
    )
    .option('--models <folder>', 'where the weights of models are', 'models')
    .option('--url <url>', 'where enforcement answers, for --decision', 'http://127.0.0.1:7403')
    .option('--token <token>', 'of an auditor, for --decision; else WEIR_TOKEN, else a local one is made')
    .option('--json', 'prints everything as JSON')
    .addHelpText(
      'after',
      '\nA verdict is recomputed from the versions that it names. Exit code 1 where that does not come to the same.',
    )
    .action(async (file: string | undefined, options: ExplainOptions, command: Command) => {
      if ((file === undefined) === (options.decision === undefined))
        command.error('error: a file or --decision is needed, and not both', { exitCode: 2 })
      await run(file, options)
    })
}

async function run(file: string | undefined, options: ExplainOptions): Promise<void> {
  const [subjects, published, model] = await Promise.all([
    file === undefined ? decided(options) : [await readSubject(file)],
    readPublished(options),
    readFile(join(options.models, 'text-v1.bin')).then((bytes) => TextModel.load(bytes)),
  ])
  for (const subject of subjects) {
    const { explanation, again, stored } = explained(subject, published, model, options.platform)
    const isSame = again === undefined || recomputedLines(stored, again).length === 1
    if (!isSame) process.exitCode = 1
    if (options.json)
      print([JSON.stringify({ ...explanation, ...(again ? { recomputed: again, isSame } : {}) })])
    else {
      const mark = process.stdout.isTTY ? COLOURS : BRACKETS
      print([
        ...explanationLines(explanation, mark),
        ...(again ? ['', ...recomputedLines(stored, again)] : []),
      ])
    }
  }
}

interface Explained {
  readonly explanation: Explanation
  readonly stored: Partial<Verdict>
  readonly again?: Partial<Verdict>
}

function explained(
  subject: Subject,
  published: readonly PolicyRecord[],
  model: TextModel,
  platform: string,
): Explained {
  if ('message' in subject) {
    const [message] = askedFor(subject.message, platform, new Date()).messages
    const account = accountKey(message!.platformId, message!.accountId)
    const found = inForceAt(published, new Date(message!.receivedAt), account)
    if (!found) throw new Error('no policy is published; --files judges by those of the first start')
    const { policy } = parsePolicy(JSON.stringify(found.policy.document ?? null))
    const by = { judge: buildJudge(found), model, mode: 'live', now: new Date() }
    return { explanation: explain(message!, policy!, by), stored: {} }
  }
  const { stored } = subject
  const again = recompute(stored, published, model)
  const documents = documentsNamed(published, stored.policyVersion, stored.bankVersions)
  if ('missing' in documents) throw new Error(documents.missing)
  const { policy } = parsePolicy(JSON.stringify(documents.policy.document ?? null))
  const by = { judge: buildJudge(documents), model, mode: stored.mode, now: new Date(stored.classifiedAt) }
  const names = Object.keys(stored) as (keyof Verdict)[]
  // Only what is known of the stored one is compared: a case shows less than a verdict.
  const known = Object.fromEntries(names.map((name) => [name, again[name]])) as Partial<Verdict>
  return { explanation: explain(stored.message, policy!, by), stored, again: known }
}

async function readSubject(file: string): Promise<Subject> {
  const json = file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Error(`${file} is not JSON`)
  }
  const isVerdict = typeof value === 'object' && value !== null && 'verdictId' in value && 'message' in value
  return isVerdict ? { stored: value as Verdict } : { message: value }
}

async function decided(options: ExplainOptions): Promise<Subject[]> {
  const api = await ServiceApi.open(options, 'auditor', 'weir-explain')
  return (await verdictsOfDecision(api, options.decision!)).map((stored) => ({ stored }))
}

async function readPublished({ files }: ExplainOptions): Promise<PolicyRecord[]> {
  if (files !== undefined) return publishedFiles(files === true ? 'policies' : files)
  try {
    return (await readTable(readEnv(ServiceEnv), Topics.policies)).map(([, record]) => record)
  } catch (cause) {
    throw new Error('what is published cannot be read; --files judges by the files of the first start', {
      cause,
    })
  }
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
