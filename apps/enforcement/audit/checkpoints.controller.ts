import { Controller, Get, Query } from '@nestjs/common'
import { AUDIT_SHARDS } from '#libs/audit/chain'
import { verifierKey } from '#libs/audit/checkpoint-note'
import { Checkpoint } from '#libs/contracts/checkpoint'
import { OneOf, Optional } from '#libs/contracts/fields'
import { Public } from '#libs/platform/auth/roles.decorator'
import { apiPage, apiQuery } from '#libs/platform/http/openapi'
import { page, PageQuery } from '#libs/platform/http/paging'
import { instantCursor } from '../cursor.js'
import { AuditKey } from './audit-key.js'
import { CheckpointStore, type CheckpointDocument } from './checkpoint.store.js'

export class CheckpointsQuery extends PageQuery {
  @Optional() @OneOf(AUDIT_SHARDS) shard?: string
}

/** What anybody may keep, to prove later that the audit log was not changed. */
@Controller('public/checkpoints')
export class CheckpointsController {
  private readonly verifierKeys: readonly string[]

  constructor(
    private readonly checkpoints: CheckpointStore,
    key: AuditKey,
  ) {
    this.verifierKeys = AUDIT_SHARDS.map((shard) => verifierKey(key.originOf(shard), key.privateKey))
  }

  @Get()
  @Public()
  @apiQuery(CheckpointsQuery)
  @apiPage(Checkpoint, 'Newest first. `verifierKeys`: one for each shard; keep it elsewhere too.')
  async list(@Query() { shard, limit, cursor }: CheckpointsQuery) {
    const found = await this.checkpoints.list(shard, limit, instantCursor(cursor))
    const listed = page(found, limit, (one) => [one.at.toISOString(), one._id], checkpointView)
    return { ...listed, verifierKeys: this.verifierKeys }
  }
}

function checkpointView({ shard, size, head, note, at }: CheckpointDocument): Checkpoint {
  return { shard, size, head, note, at: at.toISOString() }
}
