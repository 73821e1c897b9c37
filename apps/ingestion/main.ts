import { bootstrap } from '#libs/platform/bootstrap'
import { IngestionEnv } from './config.js'
import { IngestionModule } from './ingestion.module.js'

await bootstrap(IngestionModule, { service: 'ingestion', env: IngestionEnv })
