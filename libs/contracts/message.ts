import { hash } from 'node:crypto'
import { Instant, PlatformId, WeirId } from './fields.js'
import { MessageIn } from './message-in.js'

/** An accepted message on `weir.messages.v1`: known fields only, its platform from the topic name. */
export class Message extends MessageIn {
  @PlatformId() platformId!: string
  /** Digest of the content: another revision has another digest. */
  @WeirId() revision!: string
  /** When the broker received it: a replay repeats it. */
  @Instant() receivedAt!: string
}

/**
 * The content digest that tells revisions of one message apart: what the public sees (text, links, media, what it reposts,
 * whether it is deleted), not what surrounds it (followers, audience, language hint).
 */
export function revisionOf(message: MessageIn): string {
  const content = [
    message.text ?? null,
    message.links ?? [],
    (message.media ?? []).map((media) => [
      media.mediaId,
      media.kind,
      media.sha256 ?? null,
      media.pdq ?? null,
    ]),
    message.repostOf ?? null,
    message.change === 'deleted',
  ]
  return hash('sha256', JSON.stringify(content), 'base64url')
}
