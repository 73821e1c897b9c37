/** How often one judge said `first` and the other `second` of the same thing. */
export interface Judged {
  first: string
  second: string
  n: number
}

export interface Agreement {
  n: number
  agreed: number
  /** Share of agreement; null where nothing was judged. */
  observed: number | null
  /** Agreement beyond chance, −1 to 1; null where chance alone would always agree, or nothing was judged. */
  kappa: number | null
}

/**
 * Agreement of two judges and Cohen's kappa: (p_o − p_e) / (1 − p_e), with p_e from what each says how often. J. Cohen, A
 * Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20 (1960), 37–46.
 */
export function agreementOf(judged: readonly Judged[]): Agreement {
  const total = sum(judged)
  const agreed = sum(judged.filter(({ first, second }) => first === second))
  if (total === 0) return { n: 0, agreed: 0, observed: null, kappa: null }
  const labels = new Set(judged.flatMap(({ first, second }) => [first, second]))
  // In whole numbers, so that full agreement and pure chance come out exactly.
  const byChance = [...labels].reduce((chance, label) => {
    const firsts = sum(judged.filter(({ first }) => first === label))
    return chance + firsts * sum(judged.filter(({ second }) => second === label))
  }, 0)
  const room = total * total - byChance
  const kappa = room === 0 ? null : (agreed * total - byChance) / room
  return { n: total, agreed, observed: agreed / total, kappa }
}

function sum(judged: readonly Judged[]): number {
  return judged.reduce((total, { n }) => total + n, 0)
}
