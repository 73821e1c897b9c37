import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { writtenBank } from '#libs/policy/banks/bank-entries'
import { parsePolicy } from '#libs/policy/parse-policy'

const SINCE_EVER = '1970-01-01T00:00:00Z'
/** What stands for the version of a file. */
const VERSION = 'file'

/** The policy and the banks in a folder, as if they were published. @throws Error where one cannot be read, with where and why */
export async function publishedFiles(folder: string): Promise<PolicyRecord[]> {
  const path = join(folder, 'default.yaml')
  const yaml = await readFile(path, 'utf8')
  const { policy, issues } = parsePolicy(yaml)
  if (!policy) throw new Error(`${path}: ${issues.map(({ reason }) => reason).join('; ')}`)
  const banks = (await readdir(join(folder, 'banks'))).filter((file) => file.endsWith('.yaml'))
  return [
    record('policy', 'default', parse(yaml) as Record<string, unknown>),
    ...(await Promise.all(banks.map((file) => bankRecord(join(folder, 'banks', file))))),
  ]
}

async function bankRecord(path: string): Promise<PolicyRecord> {
  const { kind, entries, errors } = writtenBank(await readFile(path, 'utf8'))
  const [first] = errors
  if (first || !kind) throw new Error(`${path}: ${first?.path ?? ''} ${first?.message ?? 'is no bank'}`)
  return record('bank', basename(path, '.yaml'), { kind, entries })
}

function record(kind: 'policy' | 'bank', name: string, document: Record<string, unknown>): PolicyRecord {
  return {
    ...{ kind, name, version: VERSION, state: 'live', rollout: 100 },
    ...{ effectiveFrom: SINCE_EVER, publishedAt: SINCE_EVER, document },
  }
}
