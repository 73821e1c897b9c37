import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { ENV } from '#libs/runtime/tokens'
import { AuditKey, auditKey } from './audit-key.js'
import { AuditLog } from './audit-log.js'
import { AuditController } from './audit.controller.js'
import { AUDIT_LOG, AuditLogSchema, AuditStore } from './audit.store.js'
import { AUDIT_CHECKPOINTS, AuditCheckpointSchema, CheckpointStore } from './checkpoint.store.js'
import { CheckpointsController } from './checkpoints.controller.js'
import { ExportAudit } from './export-audit.js'
import { PublishCheckpoints } from './publish-checkpoints.js'
import { PublishedCheckpoints } from './published-checkpoints.js'
import { ViewsConsumer } from './views.consumer.js'

const collections = MongooseModule.forFeature([
  { name: AUDIT_LOG, schema: AuditLogSchema },
  { name: AUDIT_CHECKPOINTS, schema: AuditCheckpointSchema },
])

/** The audit log, its checkpoints, and who looked at evidence. */
@Module({
  imports: [collections],
  controllers: [AuditController, CheckpointsController],
  providers: [
    AuditStore,
    CheckpointStore,
    AuditLog,
    ViewsConsumer,
    PublishCheckpoints,
    PublishedCheckpoints,
    ExportAudit,
    { provide: AuditKey, inject: [ENV], useFactory: auditKey },
  ],
  exports: [AuditLog],
})
export class AuditModule {}
