import { bootstrap } from '#libs/runtime/bootstrap'
import { IngestionEnv } from './config.js'
import { INGESTION_GUIDE } from './guide.js'
import { IngestionModule } from './ingestion.module.js'

await bootstrap(IngestionModule, { service: 'ingestion', env: IngestionEnv, guide: INGESTION_GUIDE })
