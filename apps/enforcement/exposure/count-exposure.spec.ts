import 'reflect-metadata'
import type { CallHandler, ExecutionContext } from '@nestjs/common'
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js'
import { register } from 'prom-client'
import { lastValueFrom, of } from 'rxjs'
import { expect, it } from 'vitest'
import { Clock } from '#libs/runtime/clock'
import { createLogger } from '#libs/runtime/logger'
import { EvidenceViews } from '../audit/evidence-views.js'
import { CasesController } from '../casework/cases.controller.js'
import { CountExposure } from './count-exposure.js'
import type { ExposureStore } from './exposure.store.js'

type Count = ExposureStore['count']

function view(count: Count, answer: unknown): Promise<unknown> {
  const request = { caller: { subject: 'anna', roles: [] } }
  const context = { switchToHttp: () => ({ getRequest: () => request }) }
  const counting = new CountExposure(
    { count } as ExposureStore,
    new Clock(),
    createLogger('enforcement', 'silent'),
  )
  const next: CallHandler = { handle: () => of(answer) }
  return lastValueFrom(counting.intercept(context as ExecutionContext, next))
}

const found = { category: 'hate', severity: 3, outcome: 'review', score: 0.5 }
const answer = { caseId: 'c1', entries: [{ sealed: false, categories: [found] }] }

it('a view is counted for who looks, each under an id of its own', async () => {
  const counted: Parameters<Count>[] = []
  const count: Count = async (...view) => void counted.push(view)
  expect(await view(count, answer)).toBe(answer)
  await view(count, answer)
  expect(counted.map(([, operator, , shown]) => ({ operator, shown }))).toEqual([
    { operator: 'anna', shown: [{ category: 'hate', severity: 3, views: 1, messages: 1 }] },
    { operator: 'anna', shown: [{ category: 'hate', severity: 3, views: 1, messages: 1 }] },
  ])
  expect(counted[0]![0]).not.toBe(counted[1]![0])
  expect(await view(count, undefined)).toBeUndefined()
  expect(counted[2]![3]).toEqual([])
})

it('a view that cannot be counted is answered all the same, and that is counted', async () => {
  const metric = async () =>
    (await register.getSingleMetric('weir_enforcement_exposure_uncounted_total')!.get()).values[0]!.value
  const before = await metric()
  expect(await view(() => Promise.reject(new Error('away')), answer)).toBe(answer)
  expect(await metric()).toBe(before + 1)
})

it('what cannot be audited is not counted: the audit log comes first', () => {
  const get = Object.getOwnPropertyDescriptor(CasesController.prototype, 'get')!.value as object
  expect(Reflect.getMetadata(INTERCEPTORS_METADATA, get)).toEqual([CountExposure, EvidenceViews])
})
