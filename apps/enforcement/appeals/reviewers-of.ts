/** Who has a part in cases by judging what others decided there: it keeps them from hearing appeals. Who keeps the reviews says it. */
export abstract class ReviewersOf {
  /** Who reviewed a decision on one of the cases. */
  abstract reviewersOf(caseIds: readonly string[]): Promise<string[]>

  /** Who put one of the cases forward as a golden one, or approved that. */
  abstract goldenKeepersOf(caseIds: readonly string[]): Promise<string[]>
}
