import { eventually, type WeirSystem } from '../harness/weir-system.js'

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'

/** Ids of things that are there. */
export interface Filled {
  readonly caseId: string
  readonly decisionId: string
  readonly directiveId: string
  readonly statementOfReasonsId: string
}

/** Puts something to be found into a system: the platform `p1`, its account `acc-1` with strikes, directives and statements. */
export async function fillSystem(system: WeirSystem): Promise<Filled> {
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
  const found = await system.call<{ items: Filled[] }>('enforcement', '/v1/directives', {
    roles: ['auditor'],
  })
  return found.body.items[0]!
}
