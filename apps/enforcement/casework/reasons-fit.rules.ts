import type { Bilingual } from '#libs/contracts/directive'
import { RefusedError } from '#libs/runtime/errors'

/** The reasons stand in all that a decision makes of each message, and all of that is stored in one document. */
const MAX_BYTES = 800_000

/** @throws RefusedError `invalid-request` for reasons that are too long to be written down for so many messages */
export function assertReasonsFit({ zh, en }: Bilingual, messages: number): void {
  const most = Math.floor(MAX_BYTES / Math.max(1, messages))
  if (Buffer.byteLength(zh) + Buffer.byteLength(en) <= most) return
  throw new RefusedError('malformed', 'invalid-request', 'The reasons are too long for so many messages.', [
    { path: '/reasons', reason: `must have at most ${most} bytes in UTF-8 for ${messages} messages` },
  ])
}
