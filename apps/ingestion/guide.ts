import type { ApiGuide } from '#libs/runtime/http/openapi'

export const INGESTION_GUIDE: ApiGuide = {
  description: `Takes what public accounts publish, for platforms that do not write to Kafka. Every message ends as accepted, refused
as private, or invalid with the reason; what is accepted goes the same way as a record on the platform's topic. Private
messages are counted and dropped: nothing of their content is kept.`,
  tags: { Messages: 'What public accounts published, sent by their platform.' },
}
