import type { LocalStack } from './local-stack.js'

/** What services on a local stack are allowed over their own, stricter defaults; the user's environment comes first. */
export function localServiceEnv(
  stack: Pick<LocalStack, 'kafkaBrokers' | 'mongoUri'>,
): Record<string, string> {
  return {
    KAFKA_BROKERS: stack.kafkaBrokers,
    MONGODB_URI: stack.mongoUri,
    TOPICS_MANAGE: process.env.TOPICS_MANAGE ?? '1',
    WEBHOOK_ALLOW_PRIVATE: process.env.WEBHOOK_ALLOW_PRIVATE ?? '1',
  }
}
