/** One signing secret of a webhook, sealed. */
export interface SealedSecret {
  sealed: string
  /** The current one has no end; one that was rotated out signs along until then. */
  until: Date | null
}

/** How long a secret that was rotated out signs along. */
export const OVERLAP_MS = 24 * 3_600_000
/** Secrets that may sign at once; more rotations within a day drop the oldest, or the header would grow. */
const MAX_SECRETS = 4

/** The secrets after a rotation at `now`: the fresh one first, those of the last 24 hours beside it. */
export function rotate(secrets: readonly SealedSecret[], fresh: string, now: Date): SealedSecret[] {
  const until = new Date(now.getTime() + OVERLAP_MS)
  const old = secrets.map((secret) => ({ ...secret, until: secret.until ?? until }))
  return [{ sealed: fresh, until: null }, ...signing(old, now)].slice(0, MAX_SECRETS)
}

/** The secrets that sign at `now`, newest first. */
export function signing(secrets: readonly SealedSecret[], now: Date): SealedSecret[] {
  return secrets.filter((secret) => secret.until === null || secret.until > now)
}
