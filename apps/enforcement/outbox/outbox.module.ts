import { Module } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import { AuditModule } from '../audit/audit.module.js'
import { Outbox } from './outbox.js'
import { Relay } from './relay.js'
import { TellNewest } from './tell-newest.js'

/** Delivers what a change left in its document, wherever the service declares one. */
@Module({
  imports: [DiscoveryModule, AuditModule],
  providers: [Outbox, TellNewest, Relay],
  exports: [Outbox, TellNewest, Relay],
})
export class OutboxModule {}
