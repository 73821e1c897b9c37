import 'reflect-metadata'
import type { Type } from '@nestjs/common'
import { createConnection } from 'mongoose'
import { expect, it } from 'vitest'
import type { ServiceName } from '#libs/contracts/catalogue'
import { COLLECTIONS } from '#libs/contracts/mongo-access'
import { declareModels } from '#libs/runtime/mongo/declare-models'
import { ClassificationModule } from '../apps/classification/classification.module.js'
import { EnforcementModule } from '../apps/enforcement/enforcement.module.js'
import { IngestionModule } from '../apps/ingestion/ingestion.module.js'
import { NotificationModule } from '../apps/notification/notification.module.js'

const MODULES: Readonly<Record<ServiceName, Type>> = {
  ingestion: IngestionModule,
  classification: ClassificationModule,
  enforcement: EnforcementModule,
  notification: NotificationModule,
}

it.each(Object.entries(MODULES))(
  '%s has rights on every collection that it declares, and on no other',
  (name, module) => {
    const connection = createConnection()
    declareModels(connection, module)
    const declared = Object.values(connection.models).map(({ collection }) => collection.collectionName)
    expect(Object.keys(COLLECTIONS[name as ServiceName]).sort()).toEqual(declared.sort())
  },
)
