import { type Caller, isPlatformOnly } from '#libs/runtime/auth/caller'

/**
 * Whether somebody may object in the name of an account's owner: who has a link or a code and is none of us, or its platform,
 * which tells the owner. One of us who could would hear what one of us wrote (docs/adr/0109).
 */
export function actsForOwner(caller: Caller, platformId: string): boolean {
  if (caller.roles.length === 0) return true
  return isPlatformOnly(caller) && caller.platform === platformId
}
