import { bootstrap } from '#libs/platform/bootstrap'
import { EnforcementEnv } from './config.js'
import { EnforcementModule } from './enforcement.module.js'

await bootstrap(EnforcementModule, { service: 'enforcement', env: EnforcementEnv })
