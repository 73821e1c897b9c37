import { bootstrap } from '#libs/runtime/bootstrap'
import { EnforcementEnv } from './config.js'
import { EnforcementModule } from './enforcement.module.js'
import { ENFORCEMENT_GUIDE } from './guide.js'

await bootstrap(EnforcementModule, { service: 'enforcement', env: EnforcementEnv, guide: ENFORCEMENT_GUIDE })
