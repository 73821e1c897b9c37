import 'reflect-metadata'
import { parseArgs } from 'node:util'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { type Role, ROLES } from '#libs/platform/auth/roles'
import { endAllProcesses } from '#libs/testing/guarded-process'
import { eventually, WeirSystem } from '../harness/weir-system.js'
import { getSchemathesis, runSchemathesis } from './schemathesis.js'

const USAGE = `npm run schemathesis -- [--examples 20] [--seed 1] [--service NAME …] [-- arguments of schemathesis]`
const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'

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
    const names = await fill(system)
    for (const service of (values.service as ServiceName[] | undefined) ?? SERVICES) {
      log(`${service}`)
      const token = await system.token({ roles: rolesFor(service), platform: 'p1', subject: 'schemathesis' })
      const { url } = system.services[service]
      const found = await runSchemathesis(folder, {
        url,
        token,
        names,
        examples: Number(values.examples),
        seed: Number(values.seed),
        more: positionals,
      })
      if (found !== 0) code = 1
      const ready = await fetch(`${url}/health/ready`)
      if (ready.status !== 200) code = 1
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

/** All of them: what each alone may is for the walk of routes and roles. A platform asks for its own things only. */
function rolesFor(service: ServiceName): readonly Role[] {
  return service === 'ingestion' ? ['platform'] : ROLES.filter((role) => role !== 'authority')
}

/** Something to be found: a platform, an account with a strike, directives and statements. Gives the ids of some. */
async function fill(system: WeirSystem): Promise<Record<string, string>> {
  await system.register('p1')
  const message = {
    accountId: 'acc-1',
    visibility: 'public',
    sentAt: new Date().toISOString(),
    text: HARMFUL,
  }
  const records = ['m-1', 'm-2', 'm-3'].map((messageId) => ({
    key: 'acc-1',
    value: { ...message, messageId },
  }))
  await system.produce('weir.in.p1.messages.v1', records)
  await eventually('an account', async () => {
    const asked = await system.call('enforcement', '/v1/accounts/p1/acc-1', { roles: ['triage'] })
    return asked.status === 200
  })
  await system.drained(['p1'])
  const found = await system.call<{ items: Record<string, string>[] }>('enforcement', '/v1/directives', {
    roles: ['auditor'],
  })
  const { directiveId, caseId, decisionId, statementOfReasonsId } = found.body.items[0]!
  return {
    CASE_ID: caseId!,
    DECISION_ID: decisionId!,
    DIRECTIVE_ID: directiveId!,
    STATEMENT_ID: statementOfReasonsId!,
  }
}
