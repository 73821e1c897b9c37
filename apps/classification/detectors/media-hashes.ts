import type { MediaIn } from '#libs/contracts/message-in'
import type { HashEntry } from '#libs/policy/banks/bank-entries'
import type { DetectorSignal } from './signal.js'

/** Finds files that a bank knows by their digests. */
export class MediaHashes {
  private readonly byDigest: ReadonlyMap<string, readonly HashEntry[]>

  constructor(entries: readonly HashEntry[]) {
    this.byDigest = Map.groupBy(entries, ({ sha256 }) => sha256)
  }

  /**
   * One signal per id and standing that is among the media and has not expired on `today` (RFC 3339 date), with its highest score; ordered by id. A
   * known file is no reading of words: what two people approved stands alone.
   */
  match(media: readonly Pick<MediaIn, 'sha256'>[] = [], today = ''): DetectorSignal[] {
    const found = new Map<string, DetectorSignal>()
    for (const { sha256 } of media) {
      for (const { id, score, act, expires } of this.byDigest.get(sha256?.toLowerCase() ?? '') ?? []) {
        if (expires !== undefined && expires < today) continue
        const standing = act ? 'alone' : 'review'
        const key = `${id} ${standing}`
        const most = Math.max(score, found.get(key)?.score ?? 0)
        found.set(key, { detector: 'media', id, score: most, spans: [], standing })
      }
    }
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }
}
