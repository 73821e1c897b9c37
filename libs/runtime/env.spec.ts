import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PLATFORM_GROUPS } from '#libs/contracts/kafka-access'
import { readEnv, ServiceEnv, settingsOf } from './env.js'

const folder = mkdtempSync(join(tmpdir(), 'weir-env-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('a secret', () => {
  it.each(['', '\n', '\r\n'])('is read from a file, without the line break %j at its end', (end) => {
    const env = readEnv(ServiceEnv, { KAFKA_PASSWORD_FILE: file('password', ` a b\nc ${end}`) })
    expect(env.KAFKA_PASSWORD).toBe(' a b\nc ')
    expect(env).not.toHaveProperty('KAFKA_PASSWORD_FILE')
  })

  it('is not given twice', () => {
    const both = { KAFKA_PASSWORD: 'a', KAFKA_PASSWORD_FILE: file('password', 'b') }
    expect(() => readEnv(ServiceEnv, both)).toThrow('KAFKA_PASSWORD and KAFKA_PASSWORD_FILE are not set both')
  })

  it('is named with its file where that cannot be read', () => {
    const path = join(folder, 'none')
    expect(() => readEnv(ServiceEnv, { MONGODB_URI_FILE: path })).toThrow(
      `MONGODB_URI_FILE cannot be read (ENOENT: ${path})`,
    )
  })

  it('comes before where the local stack would be', () => {
    const uri = 'mongodb://db.example/'
    const env = readEnv(ServiceEnv, { WEIR_MONGO_PORT: '1', MONGODB_URI_FILE: file('uri', uri) })
    expect(env.MONGODB_URI).toBe(uri)
  })

  it('has a setting for its file on the page; what is no secret has none', () => {
    const names = settingsOf(ServiceEnv).map(({ name }) => name)
    expect(names.filter((name) => names.includes(`${name}_FILE`))).toEqual(['KAFKA_PASSWORD', 'MONGODB_URI'])
  })
})

it('a login to Kafka has a user and a password', () => {
  const KAFKA_SASL = 'scram-sha-512'
  expect(() => readEnv(ServiceEnv, { KAFKA_SASL, KAFKA_USERNAME: 'weir-ingestion' })).toThrow(
    'KAFKA_SASL scram-sha-512 needs KAFKA_USERNAME and KAFKA_PASSWORD',
  )
  const login = { KAFKA_USERNAME: 'weir-ingestion', KAFKA_PASSWORD: 'p' }
  expect(readEnv(ServiceEnv, { KAFKA_SASL, ...login })).toMatchObject(login)
})

it('no group of a service lies where platforms have theirs', () => {
  const under = (KAFKA_GROUP_PREFIX: string): string =>
    readEnv(ServiceEnv, { KAFKA_GROUP_PREFIX }).KAFKA_GROUP_PREFIX
  for (const prefix of [PLATFORM_GROUPS.slice(0, -1), PLATFORM_GROUPS, `${PLATFORM_GROUPS}p1`])
    expect(() => under(prefix)).toThrow('KAFKA_GROUP_PREFIX')
  for (const prefix of ['weir', 'weir.again', 'my.weir.platform']) expect(under(prefix)).toBe(prefix)
})
