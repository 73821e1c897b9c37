import 'reflect-metadata'
import type { Type } from '@nestjs/common'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { type ApiGuide, documentWithoutStart } from '#libs/runtime/http/openapi'
import { projectRoot } from '#libs/testing/project-root'
import { CLASSIFICATION_GUIDE } from '../../apps/classification/guide.js'
import { ENFORCEMENT_GUIDE } from '../../apps/enforcement/guide.js'
import { INGESTION_GUIDE } from '../../apps/ingestion/guide.js'
import { NOTIFICATION_GUIDE } from '../../apps/notification/guide.js'

/** Modules are imported one by one: the classes of what is imported are what a document describes. */
const MADE_OF: Readonly<Record<ServiceName, { guide: ApiGuide; module: () => Promise<Type> }>> = {
  ingestion: {
    guide: INGESTION_GUIDE,
    module: async () => (await import('../../apps/ingestion/ingestion.module.js')).IngestionModule,
  },
  classification: {
    guide: CLASSIFICATION_GUIDE,
    module: async () =>
      (await import('../../apps/classification/classification.module.js')).ClassificationModule,
  },
  enforcement: {
    guide: ENFORCEMENT_GUIDE,
    module: async () => (await import('../../apps/enforcement/enforcement.module.js')).EnforcementModule,
  },
  notification: {
    guide: NOTIFICATION_GUIDE,
    module: async () => (await import('../../apps/notification/notification.module.js')).NotificationModule,
  },
}

const service = SERVICES.find((name) => name === process.argv[2])
if (service === undefined) throw new Error(`Name one of ${SERVICES.join(', ')}.`)
const { guide, module } = MADE_OF[service]
const folder = join(projectRoot, 'dist', 'openapi')
mkdirSync(folder, { recursive: true })
const document = await documentWithoutStart(await module(), service, guide)
writeFileSync(join(folder, `${service}.json`), JSON.stringify(document, null, 2))
