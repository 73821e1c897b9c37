import { IsOptional, IsString, Matches, MinLength } from 'class-validator'
import { readFile } from 'node:fs/promises'
import { NumberSetting, SecretSetting, ServiceEnv, Setting, ShareSetting } from '#libs/runtime/env'
import { PermanentError } from '#libs/runtime/errors'

/** The settings of enforcement. */
export class EnforcementEnv extends ServiceEnv {
  @Setting(
    'Folder of the policy (`default.yaml`) and the banks (`banks/*.yaml`) that are published at first start.',
  )
  @IsString()
  POLICIES_DIR = 'policies'

  @Setting('Milliseconds between looks for what is due by the clock and for outboxes that were left behind.')
  @NumberSetting(50, 60_000)
  TIMER_MS = 1_000

  @Setting(
    'Ed25519 key (PEM, PKCS #8) that signs checkpoints of the audit log; needed in production, else made in `LOCAL_KEY_DIR`.',
  )
  @SecretSetting()
  @IsString()
  @MinLength(1)
  @IsOptional()
  AUDIT_SIGNING_KEY?: string

  @Setting('Name of the audit log in its checkpoints, a URL without scheme; the shard follows after a slash.')
  @Matches(/^[^\s+]{1,80}$/, { message: 'AUDIT_ORIGIN must be 1 to 80 characters without spaces and plus' })
  AUDIT_ORIGIN = 'weir.local/audit'

  @Setting(
    'Verifier keys, with commas between, by which the audit log was signed before: a change of `AUDIT_SIGNING_KEY` is told here, or nothing is signed.',
  )
  @IsString()
  @IsOptional()
  AUDIT_PREVIOUS_KEYS?: string

  @Setting(
    'Key for the keys of appeal and answer links at rest: 32 bytes in base64. Needed in production; else made in LOCAL_KEY_DIR.',
  )
  @SecretSetting()
  @IsString()
  SECRETS_KEY = ''

  @Setting('Milliseconds between checkpoints of a shard of the audit log that grows.')
  @NumberSetting(50, 3_600_000)
  AUDIT_CHECKPOINT_MS = 10_000

  @Setting(
    'Messages of severity 3 and 4 that one person is shown in a day (UTC) before `next` hands them only milder cases and reviews; 0: no limit.',
  )
  @NumberSetting(0, 100_000)
  EXPOSURE_DAILY_LIMIT = 0

  @Setting('Share of people’s decisions, 0 to 1, that a second person reviews without knowing them.')
  @ShareSetting()
  SECOND_REVIEW_SHARE = 0.05

  @Setting('Share of reviews handed out, 0 to 1, that are golden cases, whose right answer is known.')
  @ShareSetting()
  GOLDEN_SHARE = 0.1
}

/** A file under `POLICIES_DIR`. @throws PermanentError `bad-environment` where it cannot be read */
export async function readPolicyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new PermanentError('bad-environment', `POLICIES_DIR: ${path} cannot be read.`, null, {
      cause: error,
    })
  }
}
