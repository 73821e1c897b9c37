import { Command, InvalidArgumentError } from 'commander'
import type { KeyObject } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parsePublicKey } from '#libs/audit/checkpoint-note'
import type { VerifyOptions } from '#libs/audit/log-verifier'
import { instantOption } from '../instant-option.js'
import type { ApiOptions } from '../service-api.js'
import { AuditApi } from './audit-api.js'
import { findingLine, isUnproved, shardLine } from './print-findings.rules.js'
import { type KnownCheckpoints, parseCheckpoints, publishedCheckpoints } from './read-checkpoints.js'
import { verifyStream } from './verify-stream.js'

interface ExportOptions extends ApiOptions {
  readonly from?: Date
  readonly to?: Date
  readonly out?: string
  readonly checkpoints?: string
}

interface VerifyCommandOptions extends ApiOptions, VerifyOptions {
  readonly checkpoints?: string
  readonly key?: readonly KeyObject[]
  readonly withoutCheckpoints?: boolean
  /** False: `--no-topic`. */
  readonly topic: boolean
}

function keyOption(text: string, before: readonly KeyObject[] = []): KeyObject[] {
  try {
    return [...before, parsePublicKey(text)]
  } catch {
    throw new InvalidArgumentError(
      'A key is a C2SP verifier key, or the base64 of the 32 bytes of an Ed25519 key.',
    )
  }
}

function withApi(command: Command): Command {
  return command
    .option('--url <url>', 'where enforcement answers', 'http://127.0.0.1:7403')
    .option('--token <token>', 'of an auditor; else WEIR_TOKEN, else a local one is made')
}

/** `weir audit export` and `weir audit verify`. */
export function auditCommand(): Command {
  const command = new Command('audit').description('The audit log: taken out, and proved unchanged.')
  withApi(command.command('export'))
    .description('Writes the log as NDJSON: a signed head for each shard, then the records.')
    .option('--from <instant>', 'appended at this instant (RFC 3339) or later', instantOption)
    .option('--to <instant>', 'appended before this instant', instantOption)
    .option('--out <file>', 'instead of stdout')
    .option('--checkpoints <file>', 'writes the published checkpoints and the keys there too')
    .action((options: ExportOptions) => exportLog(options))
  withApi(command.command('verify'))
    .description(
      'Finds what was altered, removed, reordered or cut off, and says where. Exit code 1 if anything was.',
    )
    .argument('[export]', 'a file that export wrote; without it, what the service answers now')
    .option('--checkpoints <file>', 'checkpoints that were kept: of export, or values of weir.checkpoints.v1')
    .option(
      '--key <key>',
      'public key of the log, as C2SP verifier key or base64; kept from elsewhere; one more for each key that it had before',
      keyOption,
    )
    .option('--partial', 'the export may begin later than the log')
    .option(
      '--to <instant>',
      'the export was made with this --to: later checkpoints are left out',
      instantOption,
    )
    .option('--without-checkpoints', 'is content where nothing that was kept elsewhere proves a shard')
    .option('--no-topic', 'does not read weir.checkpoints.v1 (only without a file)')
    .action((file: string | undefined, options: VerifyCommandOptions, self: Command) =>
      verifyLog(file, options, self),
    )
  return command
}

async function exportLog(options: ExportOptions): Promise<void> {
  const api = await AuditApi.open(options)
  // First the checkpoints: an export that is made later reaches as far as each of them.
  if (options.checkpoints)
    await writeFile(options.checkpoints, `${JSON.stringify(await api.checkpoints())}\n`)
  const lines = await api.export(options.from, options.to)
  if (options.out) await pipeline(lines, createWriteStream(options.out))
  else await pipeline(lines, process.stdout, { end: false })
}

async function verifyLog(
  file: string | undefined,
  options: VerifyCommandOptions,
  self: Command,
): Promise<void> {
  const kept = options.checkpoints ? parseCheckpoints(await readFile(options.checkpoints, 'utf8')) : NOTHING
  const live = file === undefined ? await liveCheckpoints(options) : NOTHING
  const own = kept.verifierKeys.length > 0 ? kept.verifierKeys : live.verifierKeys
  const keys = options.key ?? own.map(parsePublicKey)
  if (keys.length === 0) self.error('error: --key is needed, or --checkpoints of an export', { exitCode: 2 })
  if (!options.key) {
    print('note: the key was taken from the log itself; only --key from elsewhere proves who signed')
  }
  const checkpoints = [...kept.items, ...live.items]
  const stream = file === undefined ? await liveExport(options) : createReadStream(file)
  const { findings, shards } = await verifyStream(stream, keys, checkpoints, options)
  for (const shard of shards) print(shardLine(shard))
  for (const finding of findings) print(findingLine(finding))
  if (findings.length > 0)
    throw new Error(`the audit log is not as it was written; findings: ${findings.length}`)
  if (shards.some(isUnproved)) {
    const less =
      'nothing is wrong within the export, but no kept checkpoint proves that it is the log that was written'
    if (!options.withoutCheckpoints)
      throw new Error(`${less}; --checkpoints, or --without-checkpoints to be content`)
    return print(less)
  }
  print('the audit log is as it was written')
}

async function liveCheckpoints(options: VerifyCommandOptions): Promise<KnownCheckpoints> {
  const onTopic = options.topic ? await publishedCheckpoints() : []
  const { items, verifierKeys } = await (await AuditApi.open(options)).checkpoints()
  return { items: [...onTopic, ...items], verifierKeys }
}

async function liveExport(options: VerifyCommandOptions): Promise<Readable> {
  return (await AuditApi.open(options)).export(undefined, options.to)
}

const NOTHING: KnownCheckpoints = { items: [], verifierKeys: [] }

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
