import 'reflect-metadata'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { rawPublicKey } from '#libs/audit/checkpoint-note'
import { EnvError, readEnv } from '#libs/runtime/env'
import { EnforcementEnv } from '../config.js'
import { auditKey } from './audit-key.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-audit-key-'))
})
afterEach(() => rm(directory, { recursive: true }))

const env = (over: Record<string, string>) => readEnv(EnforcementEnv, { LOCAL_KEY_DIR: directory, ...over })
const pem = (kind: 'ed25519' | 'x25519'): string =>
  (kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()

it('is made at the first start, once for all who ask, and is the same later', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => auditKey(env({}))))
  const texts = [...keys, await auditKey(env({}))].map(({ privateKey }) =>
    rawPublicKey(privateKey).toString('hex'),
  )
  expect(new Set(texts).size).toBe(1)
  expect(keys[0]!.originOf('2')).toBe('weir.local/audit/2')
})

it('is that of the settings, its lines in one or in many, and must be one', async () => {
  const given = pem('ed25519')
  const [many, one] = await Promise.all([
    auditKey(env({ AUDIT_SIGNING_KEY: given, NODE_ENV: 'production', AUDIT_ORIGIN: 'example.com/log' })),
    auditKey(env({ AUDIT_SIGNING_KEY: given.replaceAll('\n', '\\n') })),
  ])
  expect(rawPublicKey(one.privateKey)).toEqual(rawPublicKey(many.privateKey))
  expect(many.originOf('0')).toBe('example.com/log/0')
  for (const bad of ['x', pem('x25519')]) {
    await expect(auditKey(env({ AUDIT_SIGNING_KEY: bad }))).rejects.toThrow(EnvError)
  }
})

it('is needed in production', async () => {
  await expect(auditKey(env({ NODE_ENV: 'production' }))).rejects.toThrow('AUDIT_SIGNING_KEY is needed')
})
