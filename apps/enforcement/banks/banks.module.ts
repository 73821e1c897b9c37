import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { OutboxModule } from '../outbox/outbox.module.js'
import { BANK_ENTRIES, BankEntrySchema, BankEntryStore } from './bank-entry.store.js'
import { BANK_VERSIONS, BankVersionSchema, BankVersionStore } from './bank-version.store.js'
import { BanksController } from './banks.controller.js'
import { ChangeBank } from './change-bank.js'
import { PublishBanks } from './publish-banks.js'
import { PublishFirstBanks } from './publish-first-banks.js'

const collections = MongooseModule.forFeature([
  { name: BANK_VERSIONS, schema: BankVersionSchema },
  { name: BANK_ENTRIES, schema: BankEntrySchema },
])

/** The lists that detectors use: their entries, and the versions that services are told of. */
@Module({
  imports: [collections, OutboxModule],
  controllers: [BanksController],
  providers: [BankVersionStore, BankEntryStore, ChangeBank, PublishBanks, PublishFirstBanks],
  exports: [PublishFirstBanks],
})
export class BanksModule {}
