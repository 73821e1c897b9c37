import type { LookupAddress } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { ForbiddenAddressError, publicOnlyLookup } from './resolve-public-host.js'
import { isPublicAddress, refuseWebhookUrl } from './webhook-url.rules.js'

describe('addresses that are not public', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '198.18.0.1',
    '203.0.113.5',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:0:53aa:64c::1',
    'fe80::1',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '2001:db8::1',
    '100::1',
    '5f00::1',
    'not an address',
    '',
  ])('%s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

describe('addresses that are public', () => {
  it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '::ffff:8.8.8.8', '2606:4700:4700::1111', '2400:3200::1'])(
    '%s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )
})

describe('a webhook URL', () => {
  it.each([
    ['https://hooks.example.com/weir?x=1', null],
    ['https://hooks.example.com:8443/', null],
    ['http://hooks.example.com/', 'not-https'],
    ['ftp://hooks.example.com/', 'not-https'],
    ['file:///etc/passwd', 'not-https'],
    ['javascript:alert(1)', 'not-https'],
    ['hooks.example.com', 'not-a-url'],
    ['https://', 'not-a-url'],
    ['https://user:pw@hooks.example.com/', 'has-credentials'],
    ['https://hooks.example.com@127.0.0.1/', 'has-credentials'],
    ['https://hooks.example.com/#x', 'has-fragment'],
    ['https://127.0.0.1/', 'forbidden-address'],
    ['https://2130706433/', 'forbidden-address'],
    ['https://0x7f000001/', 'forbidden-address'],
    ['https://0177.0.0.1/', 'forbidden-address'],
    ['https://127.1/', 'forbidden-address'],
    ['https://①②⑦.0.0.1/', 'forbidden-address'],
    ['https://[::1]/', 'forbidden-address'],
    ['https://[::ffff:10.0.0.1]/', 'forbidden-address'],
    ['https://[64:ff9b::a00:1]/', 'forbidden-address'],
    ['https://169.254.169.254/latest/meta-data/', 'forbidden-address'],
    ['https://localhost/', 'forbidden-address'],
    ['https://LOCALHOST./', 'forbidden-address'],
    ['https://metadata.google.internal/', 'forbidden-address'],
    [`https://hooks.example.com/${'x'.repeat(2_050)}`, 'too-long'],
    // What these are connected to is public, and is not what they say.
    ['https://0x08080808/', 'odd-host'],
    ['https://134744072/', 'odd-host'],
    ['https://8.8.2056/', 'odd-host'],
    ['https://010.8.8.8/', 'odd-host'],
    ['https://8.8.8.8./', 'odd-host'],
    ['https://hooks.example.com./', 'odd-host'],
    ['https://hooks。example。com/', 'odd-host'],
    ['https://ｈooks.example.com/', 'odd-host'],
    ['https://hooks.exa\u00admple.com/', 'odd-host'],
    ['https://hooks.exa%6dple.com/', 'odd-host'],
    ['https://hooks.exa\tmple.com/', 'odd-host'],
    ['https:\\\\hooks.example.com/', 'odd-host'],
    ['https:hooks.example.com/', 'odd-host'],
    ['https:///hooks.example.com/', 'odd-host'],
    [' https://hooks.example.com/', 'odd-host'],
    ['https://8.8.8.8/', null],
    ['https://Hooks.Example.COM:443?x', null],
    ['https://[2606:4700:4700::1111]/', null],
    ['https://[2606:4700:4700:0:0:0:0:1111]:8443/', null],
    ['https://xn--bcher-kva.example/', null],
    ['https://bücher.example/', null],
  ])('%s: %s', (url, expected) => {
    expect(refuseWebhookUrl(url, false)).toBe(expected)
  })

  it('may be plain and private in the local stack, but never hold credentials', () => {
    expect(refuseWebhookUrl('http://127.0.0.1:9000/', true)).toBeNull()
    expect(refuseWebhookUrl('http://u:p@127.0.0.1:9000/', true)).toBe('has-credentials')
    expect(refuseWebhookUrl('ftp://127.0.0.1/', true)).toBe('not-https')
    expect(refuseWebhookUrl('http://0x7f000001:9000/', true)).toBe('odd-host')
    expect(refuseWebhookUrl('http://localhost:9000/hook', true)).toBeNull()
  })
})

describe('the look-up', () => {
  const answer = (...addresses: string[]): LookupAddress[] =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const look = (addresses: LookupAddress[], all: boolean) =>
    new Promise((resolve, reject) => {
      publicOnlyLookup((_host, done) => done(null, addresses))('h', { all }, (error, found) =>
        error ? reject(error) : resolve(found),
      )
    })

  it('gives the addresses that it has judged', async () => {
    expect(await look(answer('1.1.1.1', '2606:4700::1111'), true)).toEqual(
      answer('1.1.1.1', '2606:4700::1111'),
    )
    expect(await look(answer('1.1.1.1'), false)).toBe('1.1.1.1')
  })

  it('refuses a host when only one of its addresses is private', async () => {
    await expect(look(answer('1.1.1.1', '10.0.0.1'), true)).rejects.toBeInstanceOf(ForbiddenAddressError)
    await expect(look(answer('::ffff:127.0.0.1'), false)).rejects.toBeInstanceOf(ForbiddenAddressError)
  })

  it('says so when a host has no address', async () => {
    await expect(look([], true)).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})
