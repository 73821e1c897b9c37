/** Nobody in person: Weir itself. */
export const SYSTEM_ACTOR = 'system'
/** The owner of an account, known by nothing but a link or a code. */
export const ACCOUNT_ACTOR = 'account'
/** Anybody, known by nothing. */
export const PUBLIC_ACTOR = 'public'

/** The names under which we write down what no named person did. */
export const OUR_ACTORS = [SYSTEM_ACTOR, ACCOUNT_ACTOR, PUBLIC_ACTOR] as const

/** What can stand in a name without being seen: marks, spaces, controls, and letters that are drawn as nothing. */
const UNSEEN = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Whether a name reads as one of ours, in any case or width, with whatever cannot be seen in or around it. Nobody may come in
 * under such a name: what they do would be taken for what Weir or the public did.
 */
export function isOurActor(name: string): boolean {
  // Taken apart, so that an accent is a mark as well.
  const bare = name.normalize('NFKD').replace(UNSEEN, '').toLowerCase()
  return (OUR_ACTORS as readonly string[]).includes(bare)
}
