import { Injectable } from '@nestjs/common'
import { storable } from '#libs/audit/chain'
import { Topics } from '#libs/contracts/catalogue'
import type { ViewOfEvidence } from '#libs/contracts/view-of-evidence'
import type { Batch } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { AuditLog } from './audit-log.js'

/** Views of evidence in other services enter the audit log; one that comes again is there already. */
@Injectable()
export class ViewsConsumer {
  constructor(private readonly log: AuditLog) {}

  @BatchHandler(Topics.views)
  async onViews(batch: Batch<ViewOfEvidence>): Promise<void> {
    await this.log.append(batch.records.map(({ value }) => storable({ ...value, kind: 'evidence.viewed' })))
  }
}
