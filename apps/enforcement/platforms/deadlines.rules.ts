import type { DirectiveKind } from '#libs/contracts/directive'
import { DIRECTIVE_KINDS } from '#libs/contracts/directive'
import { deadlineFor, type Deadline, type Policy, type Severity } from '#libs/policy/policy-document'
import { parseDuration } from '#libs/policy/duration'

/** Deadlines of a platform of its own, by directive kind. */
export type PlatformDeadlines = Partial<Record<DirectiveKind, Deadline>>

/**
 * Reads `{ "<kind>": { "acknowledge": "PT1H", "carryOut": "PT24H" } }`. Returns what is wrong as problems by path; what is
 * absent is the policy's.
 */
export function parseDeadlines(raw: Record<string, unknown> | null | undefined): {
  deadlines: PlatformDeadlines
  problems: { path: string; reason: string }[]
} {
  const deadlines: PlatformDeadlines = {}
  const problems: { path: string; reason: string }[] = []
  for (const [kind, value] of Object.entries(raw ?? {})) {
    const path = `/deadlines/${kind}`
    if (!(DIRECTIVE_KINDS as readonly string[]).includes(kind)) {
      problems.push({ path, reason: 'is no kind of directive' })
      continue
    }
    const { acknowledge, carryOut } = (typeof value === 'object' && value !== null ? value : {}) as Record<
      string,
      unknown
    >
    const times = [acknowledge, carryOut].map((text) =>
      typeof text === 'string' ? parseDuration(text) : null,
    )
    if (times[0] === null || times[1] === null || !times[0] || !times[1]) {
      problems.push({ path, reason: 'needs acknowledge and carryOut as ISO 8601 durations above zero' })
      continue
    }
    deadlines[kind as DirectiveKind] = { acknowledge: times[0], carryOut: times[1] }
  }
  return { deadlines, problems }
}

/** By when a directive is to be acknowledged and carried out: the platform's own term for the kind, else the policy's. */
export function deadlinesOf(
  order: { kind: DirectiveKind; category: string | null; severity: number | null },
  issuedAt: Date,
  policy: Policy,
  own: PlatformDeadlines,
): { acknowledgeBy: Date; dueAt: Date } {
  const deadline =
    own[order.kind] ??
    deadlineFor(policy, {
      kind: order.kind,
      category: order.category,
      severity: order.severity as Severity | null,
    })
  return {
    acknowledgeBy: new Date(issuedAt.getTime() + deadline.acknowledge),
    dueAt: new Date(issuedAt.getTime() + deadline.carryOut),
  }
}
