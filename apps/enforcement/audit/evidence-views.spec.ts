import { type CallHandler, type ExecutionContext } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { lastValueFrom, of } from 'rxjs'
import { expect, it } from 'vitest'
import type { AuditEntry } from '#libs/contracts/audit-record'
import { Clock } from '#libs/platform/clock'
import type { AuditLog } from './audit-log.js'
import { EvidenceViews, ViewsEvidence } from './evidence-views.js'

class Routes {
  @ViewsEvidence('case')
  get(): void {}
}

function view(append: (entries: readonly AuditEntry[]) => Promise<void>, answer: object): Promise<unknown> {
  const request = { params: { id: 'c1' }, caller: { subject: 'anna', roles: [] } }
  const context = {
    getHandler: () => Object.getOwnPropertyDescriptor(Routes.prototype, 'get')!.value as unknown,
    switchToHttp: () => ({ getRequest: () => request }),
  }
  const views = new EvidenceViews(new Reflector(), { append } as AuditLog, new Clock())
  const next: CallHandler = { handle: () => of(answer) }
  return lastValueFrom(views.intercept(context as unknown as ExecutionContext, next))
}

it('is answered when it is in the log, with who saw what of whom', async () => {
  const entered: AuditEntry[] = []
  const append = async (entries: readonly AuditEntry[]) => void entered.push(...entries)
  const answer = { caseId: 'c1', platformId: 'p1', accountId: 'a1', entries: ['evidence'] }
  expect(await view(append, answer)).toBe(answer)
  expect(await view(append, answer)).toBe(answer)
  const { entryId, at, ...rest } = entered[0]!
  expect(rest).toEqual({
    kind: 'evidence.viewed',
    subject: 'case/c1',
    actor: 'anna',
    platformId: 'p1',
    accountId: 'a1',
  })
  expect([entryId, at].every(Boolean)).toBe(true)
  expect(entered[1]!.entryId).not.toBe(entryId)
})

it('is not answered while it cannot be entered', async () => {
  const away = new Error('the log is away')
  await expect(view(() => Promise.reject(away), { platformId: 'p1' })).rejects.toBe(away)
})
