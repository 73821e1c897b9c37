import { type CallHandler, type ExecutionContext } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { lastValueFrom, of } from 'rxjs'
import { expect, it } from 'vitest'
import type { AuditEntry } from '#libs/contracts/audit-record'
import { Clock } from '#libs/runtime/clock'
import type { AuditLog } from './audit-log.js'
import { EvidenceViews, ViewsEvidence, ViewsList, ViewsPreview } from './evidence-views.js'

class Routes {
  @ViewsEvidence('case')
  get(): void {}

  @ViewsList('cases', ({ caseId }: { caseId: string }) => `case/${caseId}`, {
    by: ({ roles }) => !roles.includes('platform'),
  })
  list(): void {}

  @ViewsPreview(() => ['c1', 'c2', 'c2'])
  bulk(): void {}
}

function view(
  append: (entries: readonly AuditEntry[]) => Promise<void>,
  answer: object,
  route: keyof Routes = 'get',
  caller: object = { subject: 'anna', roles: [] },
): Promise<unknown> {
  const request = { params: { id: 'c1' }, caller }
  const context = {
    getHandler: () => Object.getOwnPropertyDescriptor(Routes.prototype, route)!.value as unknown,
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

async function entered(...asked: [answer: object, route: keyof Routes, caller?: object]): Promise<object[]> {
  const entries: AuditEntry[] = []
  await view(async (more) => void entries.push(...more), ...asked)
  return entries.map(({ entryId: _id, at: _at, ...rest }) => rest)
}

it('of a list is one entry that names what stood on it, with platform and account where they are shared', async () => {
  const one = { caseId: 'c1', platformId: 'p1', accountId: 'a1' }
  const list = { kind: 'evidence.viewed', subject: 'list/cases', actor: 'anna' }
  const of = (...items: object[]): Promise<object[]> => entered({ items }, 'list')
  const two = { ...one, caseId: 'c2', accountId: 'a2' }
  expect(await of(one)).toEqual([{ ...list, platformId: 'p1', accountId: 'a1', seen: ['case/c1'] }])
  expect(await of(one, two)).toEqual([{ ...list, platformId: 'p1', seen: ['case/c1', 'case/c2'] }])
  expect(await of(one, { ...two, platformId: null })).toEqual([{ ...list, seen: ['case/c1', 'case/c2'] }])
  expect(await of()).toEqual([{ ...list, seen: [] }])
  const away = new Error('the log is away')
  await expect(view(() => Promise.reject(away), { items: [one] }, 'list')).rejects.toBe(away)
})

it('names no more than a page can hold', async () => {
  const items = Array.from({ length: 500 }, (_, i) => ({ caseId: `c${i}` }))
  const [entry] = await entered({ items }, 'list')
  expect((entry as { seen: string[] }).seen).toHaveLength(200)
})

it('is none where it is no view for who asks, or a change', async () => {
  expect(await entered({ items: [] }, 'list', { subject: 'p', roles: ['platform'] })).toEqual([])
  expect(await entered({ dryRun: false, results: [] }, 'bulk')).toEqual([])
  const preview = { decisions: [{ platformId: 'p1', accountId: 'a1' }] }
  expect(await entered({ dryRun: true, results: [{ preview }, { problem: {} }] }, 'bulk')).toMatchObject([
    { subject: 'list/previews', platformId: 'p1', seen: ['case/c1', 'case/c2'] },
  ])
})
