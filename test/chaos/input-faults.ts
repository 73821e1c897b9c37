import kafkajs from 'kafkajs'
import { type Fault, type Heal, pick } from './fault.js'
import { GOOD_MANNERS } from './steady-load.js'

const { GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes
const CODECS = [GZIP, Snappy, LZ4, ZSTD]

/** A sender that does not know what it has sent: every third record again, all in random order. */
const resendAndShuffle: Fault = {
  kind: 'resend-and-shuffle',
  leastMs: 3_000,
  async inject({ load }) {
    load.manners = { ...load.manners, resent: 0.3, shuffled: true }
    return behaveAgain(load)
  },
}

/** Batches in each codec that Kafka has, one after the other. */
const codecs: Fault = {
  kind: 'codecs',
  leastMs: 3_000,
  async inject({ load }, random) {
    const change = (): void => {
      load.manners = { ...load.manners, compression: pick(CODECS, random) }
    }
    change()
    const timer = setInterval(change, 300)
    return async () => {
      clearInterval(timer)
      await behaveAgain(load)()
    }
  },
}

function behaveAgain(load: { manners: typeof GOOD_MANNERS }): Heal {
  return async () => {
    load.manners = GOOD_MANNERS
  }
}

/** What happens to what comes in. */
export const inputFaults: readonly Fault[] = [resendAndShuffle, codecs]
