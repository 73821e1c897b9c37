declare module 'kafkajs-snappy' {
  /** A codec for kafkajs. */
  const codec: () => {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>
    decompress(buffer: Buffer): Promise<Buffer>
  }
  export default codec
}
