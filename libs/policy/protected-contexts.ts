/**
 * What is an exception to every clause, whatever a policy says: where a message shows that it reports, educates, jests or
 * answers back, automation does not act (SPEC promise 5). A policy may add exceptions; it can take none of these away.
 */
export const PROTECTED_CONTEXTS = ['reporting', 'education', 'satire', 'counter-speech'] as const

/** Those of a message, by the contexts that were found in it. */
export function protectedContextsIn(context: readonly string[]): string[] {
  return PROTECTED_CONTEXTS.filter((one) => context.includes(one))
}
