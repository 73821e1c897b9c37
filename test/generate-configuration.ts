import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '#libs/testing/project-root'
import { CONFIGURATION_PAGE, configurationPage } from './configuration-page.js'

writeFileSync(join(projectRoot, CONFIGURATION_PAGE), configurationPage())
