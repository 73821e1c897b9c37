import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { BanksModule } from '../banks/banks.module.js'
import { OutboxModule } from '../outbox/outbox.module.js'
import { ChangePolicy } from './change-policy.js'
import { PoliciesController } from './policies.controller.js'
import { POLICIES, PolicySchema, PolicyStore } from './policy.store.js'
import { PUBLICATIONS, PublicationSchema, PublicationStore } from './publication.store.js'
import { PublishFirstPolicies } from './publish-first-policies.js'
import { PublishPolicy } from './publish-policy.js'
import { YamlBodies } from './yaml-bodies.js'

const collections = MongooseModule.forFeature([
  { name: POLICIES, schema: PolicySchema },
  { name: PUBLICATIONS, schema: PublicationSchema },
])

/** Versions of the policy, and what of them was published. */
@Module({
  imports: [collections, BanksModule, OutboxModule],
  controllers: [PoliciesController],
  providers: [PolicyStore, PublicationStore, PublishFirstPolicies, ChangePolicy, PublishPolicy, YamlBodies],
  exports: [PolicyStore],
})
export class PoliciesModule {}
