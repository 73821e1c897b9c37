import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { Repair } from '#libs/contracts/repair'
import type { Verdict } from '#libs/contracts/verdict'
import { PermanentError } from '#libs/runtime/errors'
import { classify } from './classify.rules.js'
import type { TextModel } from './detectors/text-model.js'
import { buildJudge } from './judge.js'
import { documentsNamed } from './policy/policy-book.rules.js'

/** What a verdict says that it rests on, and what it was given. */
export type Recomputable = Pick<
  Verdict,
  'message' | 'policyVersion' | 'bankVersions' | 'modelVersions' | 'inputs' | 'mode' | 'classifiedAt'
>

/**
 * The verdict once more, from nothing but what it names (SPEC promise 13): byte by byte the same, unless its message was too long to be kept
 * as a whole. `published`: all records of `weir.policies.v1`.
 * @throws PermanentError `version-unknown` where something that it names is not there any more, or not here
 */
export function recompute(
  verdict: Recomputable,
  published: Iterable<PolicyRecord>,
  model: TextModel,
): Verdict {
  const { policyVersion, bankVersions, modelVersions, inputs, message, mode, classifiedAt } = verdict
  if (modelVersions['text'] !== model.version)
    throw unknown(`the text model ${modelVersions['text']}; here is ${model.version}`)
  const documents = documentsNamed(published, policyVersion, bankVersions)
  if ('missing' in documents) throw unknown(documents.missing)
  const { repairs } = inputs as { repairs?: Repair[] }
  const accepted: AcceptedMessage = { ...message, ...(repairs ? { repairs } : {}) }
  return classify(accepted, { judge: buildJudge(documents), model, mode, now: new Date(classifiedAt) })
}

function unknown(what: string): PermanentError {
  return new PermanentError('version-unknown', `The verdict rests on ${what}.`)
}
