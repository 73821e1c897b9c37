import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { Receipt } from '#libs/contracts/receipt'
import { PermanentError } from '../errors.js'
import { inputDecoder } from './decode-json.js'

const decode = inputDecoder(Receipt)
const receipt = JSON.stringify({
  directiveId: 'dir_1',
  status: 'done',
  at: '2026-11-24T07:00:00Z',
  note: 'x',
})
const read = (text: string): unknown => decode({ value: Buffer.from(text) } as never)
const refusal = (text: string): PermanentError => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof PermanentError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('what platforms send beside messages', () => {
  it('is taken', () => {
    expect(read(receipt)).toEqual(JSON.parse(receipt))
    const noted = receipt.replace('"x"', JSON.stringify('{"visibility":"private"}'))
    expect(read(noted)).toEqual(JSON.parse(noted))
  })

  it('is refused where it says private, as a message that went to the wrong topic does', () => {
    expect(refusal('{"visibility":"private","text":"a"}').slug).toBe('private')
    expect(refusal(receipt.replace('{', '{"Visibility":["private"],')).slug).toBe('private')
  })

  it('is refused, unparsed, where it holds more than any receipt', () => {
    expect(refusal(receipt.replace('{', `{"x":[${'1,'.repeat(20_000)}1],`)).slug).toBe('too-large')
    expect(refusal(receipt.replace('{', `{"x":${'['.repeat(9_000)}${']'.repeat(9_000)},`)).slug).toBe(
      'too-deep',
    )
  })

  it('is refused where it gives a name twice, at any depth', () => {
    expect(refusal(receipt.replace('{', '{"status":"impossible",'))).toMatchObject({
      slug: 'schema',
      path: '/status',
    })
    expect(refusal(receipt.replace('{', '{"x":{"y":null,"y":null},')).path).toBe('/x/y')
  })
})
