import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** PEM files for TLS on 127.0.0.1. */
export interface Certificates {
  /** The certificate of the authority that signed the server's. */
  readonly caFile: string
  /** The server's key and certificate in one, as Kafka and mongod take it. */
  readonly serverFile: string
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** Makes an authority, which nobody keeps the key of, and a server's certificate for 127.0.0.1 in a folder. Good for a day. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const [caKeys, serverKeys] = await Promise.all([newKeys(), newKeys()])
  const now = Date.now()
  const valid = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) }
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...valid,
    serialNumber: '01',
    name: 'CN=Weir test authority',
    keys: caKeys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })
  const server = await X509CertificateGenerator.create({
    ...valid,
    serialNumber: '02',
    subject: 'CN=Weir test server',
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  })
  const key = PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey),
    'PRIVATE KEY',
  )
  const files = { caFile: join(folder, 'ca.pem'), serverFile: join(folder, 'server.pem') }
  await writeFile(files.caFile, ca.toString('pem'))
  await writeFile(files.serverFile, `${key}\n${server.toString('pem')}\n`, { mode: 0o600 })
  return files
}

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
}
