import type { Verdict } from '#libs/contracts/verdict'
import type { Recomputable } from '../../classification/recompute.rules.js'
import type { ServiceApi } from '../service-api.js'

/** What enforcement shows of a decision and of its case, as far as it is needed here. */
interface Decision {
  readonly caseId: string
  readonly verdictIds: readonly string[]
}
interface CaseFile {
  readonly entries: readonly (Recomputable & Partial<Verdict> & { sealed: boolean; erasedAt?: string })[]
}

/** What a case keeps of a verdict as it was judged. */
const KEPT = [
  ...['verdictId', 'revision', 'categories', 'policyVersion', 'bankVersions', 'modelVersions', 'overlays'],
  ...['inputs', 'mode', 'receivedAt', 'classifiedAt', 'message'],
] as const

/**
 * The verdicts that a decision rests on, as its case keeps them.
 * @throws Error where there is no such decision, or none of its verdicts can be read any more
 */
export async function verdictsOfDecision(
  api: ServiceApi,
  decisionId: string,
): Promise<(Recomputable & Partial<Verdict>)[]> {
  const decision = (await (await api.get(`/decisions/${encodeURIComponent(decisionId)}`)).json()) as Decision
  const file = (await (await api.get(`/cases/${encodeURIComponent(decision.caseId)}`)).json()) as CaseFile
  const ids = new Set(decision.verdictIds)
  const entries = file.entries.filter(({ verdictId }) => verdictId !== undefined && ids.has(verdictId))
  const readable = entries.filter(({ sealed, erasedAt }) => !sealed && erasedAt === undefined)
  if (readable.length === 0)
    throw new Error(
      entries.length === 0
        ? `the case of ${decisionId} does not show its verdicts any more`
        : `what ${decisionId} rests on is sealed, or was erased`,
    )
  return readable.map((entry) => {
    const kept = entry as unknown as Record<string, unknown>
    const named = Object.fromEntries(KEPT.flatMap((name) => (name in kept ? [[name, kept[name]]] : [])))
    return named as unknown as Recomputable & Partial<Verdict>
  })
}
