import { MAX_SEEN } from './audit-record.js'
import { Instant, Optional, PlatformId, Strings, Text, WeirId } from './fields.js'

/** That somebody looked at evidence in another service than enforcement, on `weir.views.v1`: an entry for its audit log. */
export class ViewOfEvidence {
  @WeirId() entryId!: string
  /** What was looked at; of a list, which one. */
  @Text(300, 1) subject!: string
  @Instant() at!: string
  /** The subject of the token. */
  @Text(200, 1) actor!: string
  @Optional() @PlatformId() platformId?: string
  /** What stood on a list, as `<noun>/<id>`. */
  @Strings(MAX_SEEN, 300) seen!: string[]
}
