import { Partitioners } from 'kafkajs'
import { execFileSync } from 'node:child_process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { outsideKafka } from '../harness/outside-kafka.js'
import { hopProcess } from './hop.js'
import { messageMaker } from './make-messages.js'

/**
 * A platform that sends as fast as the broker takes it, and of whose records every second is rubbish. With `passOn` 0 it only
 * makes them: what it then costs others is the share of this machine, which a sender elsewhere would not take.
 */
// It stands for another machine, so it runs only where nobody else wants to: a low priority still gets its slices (sched(7)).
execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)])
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
  if (options.passOn > 0) await producer.send({ topic: options.to, messages, acks: 1 })
  else await nextTurn()
  sent += messages.length
}
