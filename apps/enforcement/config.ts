import { IsString } from 'class-validator'
import { NumberSetting, ServiceEnv, Setting } from '#libs/platform/env'

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
}
