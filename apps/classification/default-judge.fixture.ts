import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { TextModel } from './detectors/text-model.js'
import { buildJudge } from './judge.js'

const SINCE_EVER = '1970-01-01T00:00:00Z'

/** The judge of a policy document and its banks, as classification builds it. */
export function judgeOf(policy: Record<string, unknown>, banks: Record<string, Record<string, unknown>>) {
  const record = (
    kind: 'policy' | 'bank',
    name: string,
    document: Record<string, unknown>,
  ): PolicyRecord => ({
    kind,
    name,
    version: '1',
    state: 'live',
    effectiveFrom: SINCE_EVER,
    rollout: 100,
    publishedAt: SINCE_EVER,
    document,
  })
  return buildJudge({
    policy: record('policy', 'default', policy),
    banks: Object.entries(banks).map(([name, document]) => record('bank', name, document)),
  })
}

/** The default policy and banks as documents. */
export function defaultDocuments() {
  const read = (path: string) => parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  return {
    policy: read('policies/default.yaml'),
    banks: Object.fromEntries(
      ['words', 'links', 'known-false-claims'].map((name) => [name, read(`policies/banks/${name}.yaml`)]),
    ),
  }
}

/** The judge of the default policy and banks. */
export function defaultJudge() {
  const { policy, banks } = defaultDocuments()
  return judgeOf(policy, banks)
}

/** The model that is shipped. */
export function shippedModel(): TextModel {
  return TextModel.load(readFileSync('models/text-v1.bin'))
}
