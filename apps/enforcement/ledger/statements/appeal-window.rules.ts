import { laterBy } from '#libs/contracts/fields'

const DAY = 86_400_000
/** Milliseconds. No policy makes the window shorter (SPEC promise 11); the linter says so too. */
export const SHORTEST_WINDOW = 30 * DAY

/**
 * Until when a statement can be objected to, exclusive. The time runs from when the platform says that it told the owner, but
 * never from before the issue; from the issue where it has not said so.
 */
export function appealWindowEnd(
  statement: { issuedAt: Date; appealUntil: Date },
  ownerNotifiedAt: Date | null,
): Date {
  const length = Math.max(SHORTEST_WINDOW, statement.appealUntil.getTime() - statement.issuedAt.getTime())
  const from = Math.max(statement.issuedAt.getTime(), ownerNotifiedAt?.getTime() ?? 0)
  return laterBy(new Date(from), length)
}
