import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { parsePublicKey } from '#libs/audit/checkpoint-note'
import { keyFile } from '#libs/runtime/auth/key-file'
import { EnvError } from '#libs/runtime/env'
import type { EnforcementEnv } from '../config.js'

/** The key that signs checkpoints of the audit log. */
export class AuditKey {
  constructor(
    readonly privateKey: KeyObject,
    /** The name of the log in its checkpoints, without the shard. */
    private readonly name: string,
    /** Verifier keys of the keys that signed before: what they signed is continued. */
    readonly previous: readonly string[] = [],
  ) {
    this.publicKeys = [createPublicKey(privateKey), ...previous.map(parsePublicKey)]
  }

  /** The keys that signed this log, the present one first. */
  readonly publicKeys: readonly KeyObject[]

  /** What a shard's log and key are called in its checkpoints. */
  originOf(shard: string): string {
    return `${this.name}/${shard}`
  }
}

const FILE = 'audit-signing-key.pem'

/** The key of the settings, else one that is made at the first start. @throws EnvError in production without a key, and on any that is none */
export async function auditKey(env: EnforcementEnv): Promise<AuditKey> {
  const { AUDIT_SIGNING_KEY: given, AUDIT_ORIGIN: name } = env
  const previous = previousKeys(env.AUDIT_PREVIOUS_KEYS)
  if (given !== undefined) return new AuditKey(parseKey(given, 'AUDIT_SIGNING_KEY'), name, previous)
  if (env.NODE_ENV === 'production') {
    throw new EnvError(
      'AUDIT_SIGNING_KEY is needed in production: a key that is made here would be lost with the disk',
    )
  }
  return new AuditKey(parseKey(await keyFile(env.LOCAL_KEY_DIR, FILE, newKey), FILE), name, previous)
}

function previousKeys(list: string | undefined): string[] {
  const keys = list?.split(/[\s,]+/).filter((key) => key !== '') ?? []
  try {
    keys.forEach(parsePublicKey)
  } catch {
    throw new EnvError('AUDIT_PREVIOUS_KEYS must be verifier keys of the audit log, with commas between')
  }
  return keys
}

function parseKey(pem: string, from: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch {
    // What it holds is said to nobody.
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new EnvError(`${from} must be an Ed25519 key in PEM (PKCS #8)`)
  return key
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}
