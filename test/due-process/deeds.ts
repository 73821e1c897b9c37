import type { Severity } from '../../apps/enforcement/ledger/ledger-oracle.fixture.js'
import type { Answered } from './api-clients.js'
import type { SceneAccount, SceneMessage } from './scene.js'

interface Deeds {
  decision: {
    answer: Answered
    account: SceneAccount
    message: SceneMessage
    severity: Severity
    urgent: boolean
  }
  approval: { answer: Answered; decisionId: string }
  refusal: { answer: Answered; decisionId: string }
  reversal: { answer: Answered; decisionId: string }
  hearing: { answer: Answered; outcome: 'granted' | 'upheld' }
  appeal: { answer: Answered; receiptCode: string; withdrawn: boolean }
  receipt: { directiveId: string }
}

export type DeedOf<K extends keyof Deeds> = { [One in K]: { deed: One } & Deeds[One] }[K]
/** Something that enforcement said it has done, or a receipt that the broker has. */
export type Deed = DeedOf<keyof Deeds>

/** One claim of a case: from the answer to it until its holder began to give it up. */
export interface Work {
  readonly caseId: string
  readonly by: string
  readonly from: number
  /** Of the case as it was claimed. */
  readonly version: number
  to: number
  /** Of the case as it was released; undefined where it was not, or where that was not answered at once. */
  releasedVersion?: number
  readonly notes: string[]
}

export function deedsOf<K extends Deed['deed']>(deeds: readonly Deed[], ...kinds: K[]): DeedOf<K>[] {
  return deeds.filter((one) => (kinds as string[]).includes(one.deed)) as unknown[] as DeedOf<K>[]
}
