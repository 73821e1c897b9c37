import { NumberSetting, ServiceEnv, Setting } from '#libs/runtime/env'

/** The settings of ingestion. */
export class IngestionEnv extends ServiceEnv {
  @Setting(
    'Messages whose latest revision is remembered to drop repeats, about 120 bytes each; 0 drops none.',
  )
  @NumberSetting(0, 10_000_000)
  REPEATS_REMEMBERED = 500_000

  @Setting('Milliseconds that `POST /v1/messages` waits for Kafka before it answers 503.')
  @NumberSetting(100, 120_000)
  STORE_TIMEOUT_MS = 10_000
}
