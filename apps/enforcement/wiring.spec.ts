import 'reflect-metadata'
import type { DiscoveryService } from '@nestjs/core'
import { expect, it } from 'vitest'
import { dueTaskOf } from '#libs/runtime/due'
import { declaredMethods } from '#libs/runtime/wiring'
import { LEDGER_WRITES } from './ledger/ledger-write.js'
import { ROOMS } from './enforcement.module.js'
import { findOutboxes } from './outbox/has-outbox.js'
import { type FoundTaker, wireWriters } from './outbox/pending-writers.js'
import { tellsNewestOf } from './outbox/tells-newest.js'
import { takesPendingOf } from './outbox/writes-pending.js'
import { inOrder } from './timers/clock-tasks.js'
import { TimersModule } from './timers/timers.module.js'

type Listed = { prototype: object } | { provide: unknown }

/** What the rooms list, as if they were started: every class, without what its constructor is given. */
const discovery = {
  getControllers: () => [],
  getProviders: () =>
    ROOMS.flatMap((room) => Reflect.getMetadata('providers', room) as Listed[]).flatMap((listed) =>
      'prototype' in listed ? [{ instance: Object.create(listed.prototype) as object }] : [],
    ),
} as unknown as DiscoveryService

const takers = declaredMethods(discovery, takesPendingOf).map(({ name, declared, call }): FoundTaker => ({
  name,
  takes: declared,
  take: call as FoundTaker['take'],
}))

it('every kind of write that changes of accounts leave has one writer', () => {
  expect(() => wireWriters(LEDGER_WRITES, takers)).not.toThrow()
  expect(
    takers.map(({ name, takes }) => `${name}: ${takes.role} of ${takes.kinds.join(', ')}`).sort(),
  ).toEqual([
    'CaseEntryStore.file: writer of entry',
    'CaseStore.write: writer of case',
    'DecisionStore.write: writer of decision',
    'DirectiveStore.write: writer of directive, directive-change',
    'ExonerationStore.write: writer of exoneration',
    'FindingStore.file: writer of finding',
    'SampleDecisions.sample: follower of decision',
    'StatementStore.write: writer of statement',
    'StrikeStore.write: writer of strike',
  ])
})

it('only outboxes whose kinds of writes are known hold any', () => {
  const holding = findOutboxes(discovery).filter(({ writes = [] }) => writes.length > 0)
  expect(holding.map(({ name, writes }) => [name, writes])).toEqual([
    ['AccountStore.accounts', LEDGER_WRITES],
    ['CaseStore.cases', ['finding']],
  ])
})

it('the clock does everything that is due, and completes every outbox, in this order', () => {
  const run = async () => undefined
  const due = declaredMethods(discovery, dueTaskOf).map(({ declared }) => ({ ...declared, run }))
  const outboxes = findOutboxes(discovery).map(({ name, order }) => ({ name, order, run }))
  expect(inOrder([...due, ...outboxes]).map(({ name }) => name)).toEqual([
    'accounts',
    'directives',
    'late appeals',
    'appeals',
    'cases',
    'clusters',
    'waiting verdicts',
    'AccountStore.accounts',
    'DirectiveStore.directives',
    'CaseStore.cases',
    'AppealStore.appeals',
    'PlatformStore.platforms',
    'PolicyStore.policies',
    'PublicationStore.publications',
    'BankVersionStore.versions',
    'BankEntryStore.entries',
    'banks',
    'ReviewStore.reviews',
    'GoldenCaseStore.goldenCases',
    'checkpoints',
    'retention',
  ])
})

it('the clock is the last to start and the first to stop', () => {
  const imported = ROOMS.flatMap((room) => (Reflect.getMetadata('imports', room) ?? []) as unknown[])
  // Nest starts what is imported first, then in the order of the list; it stops in the reverse.
  expect(imported).not.toContain(TimersModule)
  expect(ROOMS.at(-1)).toBe(TimersModule)
})

it('the topics of measures and platforms end with the newest', () => {
  const told = declaredMethods(discovery, tellsNewestOf).map(({ declared }) => declared)
  expect(told.sort()).toEqual(['measures', 'platform'])
})
