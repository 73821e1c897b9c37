import 'reflect-metadata'
import { Injectable, type Type } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import { Test, type TestingModule } from '@nestjs/testing'
import type { mongo } from 'mongoose'
import { expect, it } from 'vitest'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { AuditLog } from '../audit/audit-log.js'
import { HasOutbox } from './has-outbox.js'
import { Outbox } from './outbox.js'
import type { PendingWrite } from './pending.js'
import { TellNewest } from './tell-newest.js'
import type { AnyWithOutbox } from './with-outbox.js'
import { takersOf } from './writes-pending.js'

type Write = { write: 'page'; text: string } | { write: 'picture'; file: string }
const { WritesPending } = takersOf<Write>()

@Injectable()
class Books {
  readonly forgotten: string[] = []
  @HasOutbox({ order: 1, writes: ['page', 'picture'] })
  readonly books = {
    bulkWrite: async (operations: { updateOne: { filter: { _id: string } } }[]) => {
      this.forgotten.push(...operations.map(({ updateOne }) => updateOne.filter._id))
      return { matchedCount: operations.length }
    },
  } as unknown as mongo.Collection<AnyWithOutbox>
}

@Injectable()
class Pages {
  readonly written: string[] = []

  @WritesPending('page')
  async write(pages: readonly { text: string }[]): Promise<void> {
    this.written.push(...pages.map(({ text }) => text))
  }
}

@Injectable()
class Pictures {
  readonly written: string[] = []

  @WritesPending('picture')
  async write(pictures: readonly { file: string }[]): Promise<void> {
    this.written.push(...pictures.map(({ file }) => file))
  }
}

@Injectable()
class OtherPages extends Pages {}

async function start(...providers: Type[]): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [
      Outbox,
      { provide: Publisher, useValue: { publish: async () => undefined } },
      { provide: AuditLog, useValue: { append: async () => undefined } },
      { provide: TellNewest, useValue: {} },
      Books,
      ...providers,
    ],
  }).compile()
  return module.init()
}

it('does not start where a kind of pending write has no writer', async () => {
  await expect(start(Pages)).rejects.toThrow('nobody writes what is pending of picture.')
})

it('does not start where a kind of pending write has two', async () => {
  await expect(start(Pages, Pictures, OtherPages)).rejects.toThrow(
    'Pages.write and OtherPages.write all write what is pending of page.',
  )
})

it('gives each writer what it takes, and forgets it then', async () => {
  const module = await start(Pages, Pictures)
  const holder = (id: string, ...writes: Write[]) => ({
    _id: id,
    pending: writes.map((write, n): { id: string } & PendingWrite => ({ id: `${id}.${n}`, ...write })),
  })
  const one = holder('one', { write: 'page', text: 'a' }, { write: 'picture', file: 'b' })
  const two = holder('two', { write: 'page', text: 'c' })
  const { books, forgotten } = module.get(Books)
  await module.get(Outbox).deliver([one, two], books)
  expect(module.get(Pages).written).toEqual(['a', 'c'])
  expect(module.get(Pictures).written).toEqual(['b'])
  expect(forgotten).toEqual(['one', 'two'])
})
