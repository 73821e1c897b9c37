import { Partitioners } from 'kafkajs'
import { constants, setPriority } from 'node:os'
import { outsideKafka } from '../harness/outside-kafka.js'
import { hopProcess } from './hop.js'
import { messageMaker } from './make-messages.js'

/** A platform that sends as fast as the broker takes it, and of whose records every second is rubbish. */
// It stands for another machine: what it takes of this one is what Weir and the broker leave.
setPriority(constants.priority.PRIORITY_LOW)
let sent = 0
const { options, ready } = hopProcess(() => sent)
const make = messageMaker(
  { texts: ['Bus 12 runs every ten minutes.'], harmful: ['-'], accounts: 1_000, harmfulPerMille: 0 },
  'flood',
)
const RUBBISH = Buffer.from(`{"messageId": "rubbish", "text": "${'never closed '.repeat(20)}`)
const producer = outsideKafka(options.brokers).producer({
  allowAutoTopicCreation: false,
  createPartitioner: Partitioners.DefaultPartitioner,
})
await producer.connect()
ready()
for (;;) {
  const messages = Array.from({ length: options.chunk }, (_, i) =>
    i % 2 === 0 ? make(sent + i, Date.now()) : { key: `acc-${i}`, value: RUBBISH },
  )
  await producer.send({ topic: options.to, messages, acks: 1 })
  sent += messages.length
}
