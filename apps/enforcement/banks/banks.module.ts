import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { OutboxModule } from '../outbox/outbox.module.js'
import { BANK_ENTRIES, BankEntrySchema, BankEntryStore } from './bank-entry.store.js'
import { BANK_VERSIONS, BankVersionSchema, BankVersionStore } from './bank-version.store.js'
import { BankFilesController } from './bank-files.controller.js'
import { BanksController } from './banks.controller.js'
import { ChangeBank } from './change-bank.js'
import { CsvBodies } from './csv-body.js'
import { ExportBank } from './export-bank.js'
import { ImportBank } from './import-bank.js'
import { PublishBanks } from './publish-banks.js'
import { PublishFirstBanks } from './publish-first-banks.js'

const collections = MongooseModule.forFeature([
  { name: BANK_VERSIONS, schema: BankVersionSchema },
  { name: BANK_ENTRIES, schema: BankEntrySchema },
])

/** The lists that detectors use: their entries, and the versions that services are told of. */
@Module({
  imports: [collections, OutboxModule],
  controllers: [BankFilesController, BanksController],
  providers: [
    BankVersionStore,
    BankEntryStore,
    ChangeBank,
    ExportBank,
    ImportBank,
    CsvBodies,
    PublishBanks,
    PublishFirstBanks,
  ],
  exports: [PublishFirstBanks],
})
export class BanksModule {}
