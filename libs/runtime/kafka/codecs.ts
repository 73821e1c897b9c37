import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs from 'kafkajs'
import snappy from 'kafkajs-snappy'
import { compressFrame, decompressFrame } from 'lz4-napi'

/** What kafkajs hands to a codec: its encoder when it writes, bytes when it reads. */
interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}

const compressZstd = promisify(zstdCompress)
const decompressZstd = promisify(zstdDecompress)

const zstd: Codec = {
  compress: ({ buffer }) => compressZstd(buffer),
  decompress: (buffer) => decompressZstd(buffer),
}
const lz4: Codec = {
  compress: ({ buffer }) => compressFrame(buffer),
  decompress: (buffer) => decompressFrame(buffer),
}

/**
 * All codecs that a platform's producer may choose: one batch in a codec that is not registered would end the group's
 * consumers, each in turn (kafkajs throws KafkaJSNotImplemented, which it takes for final).
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = snappy
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd
}
