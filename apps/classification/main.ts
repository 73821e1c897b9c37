import { bootstrap } from '#libs/runtime/bootstrap'
import { ClassificationModule } from './classification.module.js'
import { ClassificationEnv } from './config.js'
import { CLASSIFICATION_GUIDE } from './guide.js'

await bootstrap(ClassificationModule, {
  service: 'classification',
  env: ClassificationEnv,
  guide: CLASSIFICATION_GUIDE,
})
