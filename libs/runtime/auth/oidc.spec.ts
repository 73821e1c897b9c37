import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EnvError, readEnv, ServiceEnv } from '../env.js'
import { RetryableError } from '../errors.js'
import { TokenError, type TokenVerifier, tokenVerifier } from './token-verifier.js'

/** An issuer with one RSA key, as identity providers have it. */
let server: Server
let answers: 'keys' | 'broken' = 'keys'
let key: CryptoKey
let jwksUri: string

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true })
  key = pair.privateKey
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }]
  server = createServer((_request, response) => {
    response.statusCode = answers === 'keys' ? 200 : 500
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
})

afterAll(() => {
  server.close()
})

const verifier = (more: Record<string, string> = {}): Promise<TokenVerifier> =>
  tokenVerifier(
    readEnv(ServiceEnv, {
      NODE_ENV: 'production',
      OIDC_ISSUER: 'https://issuer.example/',
      OIDC_AUDIENCE: 'weir-api',
      OIDC_JWKS_URI: jwksUri,
      ...more,
    }),
  )

const token = (change: (jwt: SignJWT) => SignJWT = (jwt) => jwt, kid = 'k1') =>
  change(
    new SignJWT({ roles: ['senior', 'emperor'] })
      .setIssuer('https://issuer.example/')
      .setAudience('weir-api')
      .setSubject('ann')
      .setExpirationTime('5m'),
  )
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(key)

describe('tokens of an OIDC issuer', () => {
  it('are accepted by its published keys; unknown roles count for nothing', async () => {
    expect(await (await verifier()).callerOf(await token())).toStrictEqual({
      subject: 'ann',
      roles: ['senior'],
    })
  })

  it.each([
    ['another issuer', token.bind(null, (jwt) => jwt.setIssuer('weir-local'))],
    ['another audience', token.bind(null, (jwt) => jwt.setAudience('weir'))],
    ['expired', token.bind(null, (jwt) => jwt.setExpirationTime('-1m'))],
    ['an unknown key', token.bind(null, (jwt) => jwt, 'k2')],
  ])('are refused: %s', async (_name, make) => {
    await expect((await verifier()).callerOf(await make())).rejects.toThrow(TokenError)
  })

  it('are nobody’s fault while the keys cannot be had', async () => {
    answers = 'broken'
    await expect((await verifier()).callerOf(await token())).rejects.toThrow(RetryableError)
    answers = 'keys'
    const nowhere = await verifier({ OIDC_JWKS_URI: 'http://127.0.0.1:9/jwks' })
    await expect(nowhere.callerOf(await token())).rejects.toThrow(RetryableError)
  })
})

it('production takes no locally signed token', async () => {
  const env = readEnv(ServiceEnv, { NODE_ENV: 'production' })
  await expect(tokenVerifier(env)).rejects.toThrow(EnvError)
})

it('half an issuer is a wrong setting', () => {
  expect(() => readEnv(ServiceEnv, { OIDC_ISSUER: 'https://issuer.example/' })).toThrow(/OIDC_AUDIENCE/)
  expect(() => readEnv(ServiceEnv, { NODE_ENV: 'production', TEST_CLOCK: '1' })).toThrow(/TEST_CLOCK/)
})
