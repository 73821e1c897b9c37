import 'reflect-metadata'
import { optionsOrExit, runAndReport } from './run-and-report.js'
import { parseRollingOptions, ROLLING_USAGE, runRolling } from './rolling.js'

/** `npm run rolling`: exit code 0 only where nothing was lost, doubled or late, and every instance stopped in order. */
const options = optionsOrExit('rolling', ROLLING_USAGE, parseRollingOptions)
process.exit(
  await runAndReport('rolling', options.json, (cleanUps, say) => runRolling(options, cleanUps, say)),
)
