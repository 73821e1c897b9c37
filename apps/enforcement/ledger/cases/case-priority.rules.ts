import type { Milliseconds } from '#libs/policy/duration'
import type { Policy, Severity } from '#libs/policy/policy-document'
import type { CaseWeight } from './case.js'

const HOUR: Milliseconds = 3_600_000
const DAY: Milliseconds = 24 * HOUR

/** Each grade is a longer head start than reach, confidence and risk together; none is so long that a case waits for ever. */
const SEVERITY_HEAD_START: Readonly<Record<Severity, Milliseconds>> = { 1: 0, 2: DAY, 3: 3 * DAY, 4: 7 * DAY }
/** For each tenfold of followers, up to a hundred million. */
const REACH_HEAD_START = 2 * HOUR
const MAX_REACH = 8
const CONFIDENCE_HEAD_START = 6 * HOUR
/** Small: it says something of the account, and little of what came. */
const RISK_HEAD_START = 1.5 * HOUR
/** For each doubling of the people who tipped off, up to 255: many are not many times as right. */
const TIP_OFFS_HEAD_START = 3 * HOUR
const MAX_DOUBLINGS = 8
/** Longer than all others together: a held measure lapses, and a proposed ban runs while nobody looks. */
const WAITING_HEAD_START = 21 * DAY

/** What makes an entry of a case urgent. */
export interface Urgency {
  severity: number
  /** 0 to 1: how sure the detectors are. */
  score: number
  followers: number | null
  /** 0 to 1: that of the account, from all its judged messages; 0 where it is not about one. */
  risk: number
  tipOffs: number
  /** Somebody waits for a person: a held measure, a proposed ban. */
  waiting: boolean
}

/** How much earlier than it did a case counts as having come, from severity, reach, confidence, risk and tip-offs. */
export function headStart({ severity, score, followers, risk, tipOffs, waiting }: Urgency): Milliseconds {
  const reach = Math.min(MAX_REACH, Math.log10((followers ?? 0) + 1))
  const doublings = Math.min(MAX_DOUBLINGS, Math.log2(tipOffs + 1))
  return Math.round(
    SEVERITY_HEAD_START[gradeOf(severity)] +
      REACH_HEAD_START * reach +
      CONFIDENCE_HEAD_START * Math.min(1, Math.max(0, score)) +
      RISK_HEAD_START * Math.min(1, Math.max(0, risk)) +
      TIP_OFFS_HEAD_START * doublings +
      (waiting ? WAITING_HEAD_START : 0),
  )
}

/** What an entry that came at `at` makes of its case. */
export function weightOf(
  at: Date,
  entry: Urgency & { category: string; language: string | null },
  policy: Pick<Policy, 'cases'>,
): CaseWeight {
  const start = headStart(entry)
  const { severity, score, category, language } = entry
  return {
    severity,
    priority: Math.round((10 * start) / HOUR) / 10,
    urgentSince: new Date(at.getTime() - start),
    dueAt: new Date(at.getTime() + policy.cases.dueWithin[gradeOf(severity)]),
    gravest: { severity, score, category, language },
  }
}

/** Two weights of one case together; the order does not matter. */
export function heavier(a: CaseWeight | null, b: CaseWeight | null): CaseWeight | null {
  if (!a || !b) return a ?? b
  return {
    severity: Math.max(a.severity, b.severity),
    priority: Math.max(a.priority, b.priority),
    urgentSince: a.urgentSince < b.urgentSince ? a.urgentSince : b.urgentSince,
    dueAt: a.dueAt < b.dueAt ? a.dueAt : b.dueAt,
    gravest: compareGravest(a.gravest, b.gravest) >= 0 ? a.gravest : b.gravest,
  }
}

/** As MongoDB's `$max` compares them: field by field. */
function compareGravest(a: CaseWeight['gravest'], b: CaseWeight['gravest']): number {
  return (
    a.severity - b.severity ||
    a.score - b.score ||
    compare(a.category, b.category) ||
    compare(a.language ?? '', b.language ?? '')
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function gradeOf(severity: number): Severity {
  return Math.min(4, Math.max(1, Math.round(severity))) as Severity
}
