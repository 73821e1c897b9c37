import { Instant, Int, Text } from './fields.js'

/** A signed audit checkpoint on `weir.checkpoints.v1` (C2SP tlog-checkpoint in `note`). */
export class Checkpoint {
  @Text(100, 1) shard!: string
  @Int(0) size!: number
  @Text(100, 1) head!: string
  @Text(4_000, 1) note!: string
  @Instant() at!: string
}
