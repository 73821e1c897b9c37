import kafkajs from 'kafkajs'
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import snappy from 'kafkajs-snappy'
import { registerCodecs } from '#libs/runtime/kafka/codecs'
import { type Fault, type Ground, type Heal, pick } from './fault.js'
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
const everyCodec: Fault = {
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

/** Batches that the broker refuses, and such as it takes though not every reader can read them. */
const hostileCodec: Fault = {
  kind: 'hostile-codec',
  leastMs: 1_000,
  async inject({ load }, random) {
    const { type, encode } = pick(HOSTILE, random)
    registerCodecs()
    const original = codecs[type]!
    codecs[type] = () => ({ ...original(), compress: ({ buffer }) => encode(buffer) })
    load.manners = { ...load.manners, compression: type }
    return async () => {
      await behaveAgain(load)()
      codecs[type] = original
    }
  },
}

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}
const codecs = kafkajs.CompressionCodecs as Record<number, () => Codec>

/** Two halves, each packed by itself, one behind the other. */
async function inHalves(bytes: Buffer, pack: (half: Buffer) => Promise<Buffer>): Promise<Buffer> {
  const middle = bytes.length >> 1
  return Buffer.concat([await pack(bytes.subarray(0, middle)), await pack(bytes.subarray(middle))])
}
/** A snappy block in the frame of the Java library: magic, two versions, length. */
async function xerial(bytes: Buffer): Promise<Buffer> {
  const block = await snappy().compress({ buffer: bytes })
  const header = Buffer.from('82534e41505059000000000100000001', 'hex')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(block.length)
  return Buffer.concat([header, length, block])
}
const rubbish = async (): Promise<Buffer> => Buffer.from('This is not what it claims to be.')

const HOSTILE: readonly { type: number; encode: (bytes: Buffer) => Promise<Buffer> }[] = [
  ...CODECS.map((type) => ({ type, encode: rubbish })),
  { type: ZSTD, encode: (bytes) => inHalves(bytes, promisify(zstdCompress)) },
  { type: Snappy, encode: (bytes) => inHalves(bytes, xerial) },
  { type: GZIP, encode: async (bytes) => Buffer.concat([await promisify(gzip)(bytes), Buffer.from('more')]) },
]

function behaveAgain(load: Ground['load']): Heal {
  return async () => {
    load.manners = GOOD_MANNERS
  }
}

/** What happens to what comes in. */
export const inputFaults: readonly Fault[] = [resendAndShuffle, everyCodec, hostileCodec]
