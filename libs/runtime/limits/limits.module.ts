import { Global, Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { Instance, InstanceSchema, InstanceStore } from './instances.store.js'
import { Instances } from './instances.js'
import { Lease, LeaseSchema, LeaseStore } from './lease.store.js'
import { SharedSpending } from './shared-spending.js'
import { SharedThrottle } from './shared-throttle.js'
import { Spending, SpendingSchema, SpendingStore } from './spending.store.js'

/** Limits that hold over all instances of a service, by its database; none of them counts for its readiness. */
@Global()
@Module({
  imports: [
    MongooseModule.forFeature([
      { name: Instance.name, schema: InstanceSchema },
      { name: Lease.name, schema: LeaseSchema },
      { name: Spending.name, schema: SpendingSchema },
    ]),
  ],
  providers: [InstanceStore, LeaseStore, SpendingStore, Instances, SharedThrottle, SharedSpending],
  exports: [SharedThrottle, SharedSpending],
})
export class LimitsModule {}
