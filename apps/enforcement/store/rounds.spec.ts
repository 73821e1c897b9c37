import { expect, it } from 'vitest'
import { MAX_ROUNDS, Rounds } from './rounds.js'

/** How many rounds are made when the first `lost` of them are lost to others. */
function roundsMade(lost: number): number {
  let made = 0
  for (const rounds = new Rounds('The case'); ; rounds.next()) {
    expect(rounds.lost).toBe(made)
    made++
    if (made > lost) return made
  }
}

it('goes on until a round is won, and gives up with one error when the last one is lost', () => {
  for (let lost = 0; lost < MAX_ROUNDS; lost++) expect(roundsMade(lost)).toBe(lost + 1)
  expect(() => roundsMade(MAX_ROUNDS)).toThrow(
    expect.objectContaining({
      name: 'RetryableError',
      slug: 'contention',
      message: 'The case changes too fast.',
    }),
  )
})
