import 'reflect-metadata'
import { runChaos } from './chaos.js'
import { parseOptions, USAGE } from './chaos-options.js'
import { optionsOrExit, runAndReport } from './run-and-report.js'

/** `npm run chaos`: exit code 0 only where the oracle has nothing to complain of. */
const options = optionsOrExit('chaos', USAGE, parseOptions)
process.exit(await runAndReport('chaos', options.json, (cleanUps, say) => runChaos(options, cleanUps, say)))
