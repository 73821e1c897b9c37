import 'reflect-metadata'
import { parseArgs } from 'node:util'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { endAllProcesses } from '#libs/testing/guarded-process'
import { WeirSystem } from '../harness/weir-system.js'
import { fillSystem } from './filled-system.js'
import { getSchemathesis, schemathesisOn } from './schemathesis.js'

const USAGE = `npm run schemathesis -- [--examples 20] [--seed 1] [--service NAME …] [-- arguments of schemathesis]`

/** `npm run schemathesis`: exit code 0 only where no service has a failure, an undocumented answer or a wrong shape. */
process.exit(await main())

async function main(): Promise<number> {
  const { values, positionals } = options()
  const log = (line: string): void => console.log(line)
  let system: WeirSystem | undefined
  let code = 0
  try {
    const folder = await getSchemathesis(log)
    system = await WeirSystem.start({ RATE_LIMIT_PER_SECOND: '100000' })
    const filled = await fillSystem(system)
    for (const service of (values.service as ServiceName[] | undefined) ?? SERVICES) {
      log(service)
      const asked = { examples: Number(values.examples), seed: Number(values.seed), more: positionals }
      const found = await schemathesisOn(system, filled, service, folder, asked)
      log(found.output)
      if (found.code !== 0) code = 1
    }
  } catch (error) {
    console.error(error)
    code = 1
  }
  await system?.stop()
  await endAllProcesses()
  return code
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        examples: { type: 'string', default: '20' },
        seed: { type: 'string', default: '1' },
        service: { type: 'string', multiple: true },
      },
    })
  } catch (error) {
    console.error(`schemathesis: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exit(2)
  }
}
