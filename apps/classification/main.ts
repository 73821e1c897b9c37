import { bootstrap } from '#libs/platform/bootstrap'
import { ClassificationModule } from './classification.module.js'
import { ClassificationEnv } from './config.js'

await bootstrap(ClassificationModule, { service: 'classification', env: ClassificationEnv })
