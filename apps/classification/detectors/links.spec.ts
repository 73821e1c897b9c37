import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findContacts } from './contacts.js'
import { Links, findLinks, readLink } from './links.js'
import { normalise } from '#libs/text/normalise'

const hosts = (text: string) => findLinks(text).map((l) => l.host)

describe('findLinks', () => {
  it.each([
    ['see https://Example.com/Path?q=1.', 'example.com', 'https://Example.com/Path?q=1'],
    ['请访问www.example.com.cn查看', 'www.example.com.cn', 'www.example.com.cn'],
    [
      '点击ｈｔｔｐ：／／ｅｘａｍｐｌｅ．ｃｏｍ／ａ领取',
      'example.com',
      'ｈｔｔｐ：／／ｅｘａｍｐｌｅ．ｃｏｍ／ａ',
    ],
    ['hxxps://evil.example[.]com/x now', 'evil.example.com', 'hxxps://evil.example[.]com/x'],
    ['go to example[dot]com', 'example.com', 'example[dot]com'],
    ['go to example dot com now', 'example.com', 'example dot com'],
    ['登录example。com领奖', 'example.com', 'example。com'],
    ['登录example点com领奖', 'example.com', 'example点com'],
    ['www . example . com', 'www.example.com', 'www . example . com'],
    ['exam​ple.com/a', 'example.com', 'exam​ple.com/a'],
    ['http://user:pw@bad.example.com/x', 'bad.example.com', 'http://user:pw@bad.example.com/x'],
    ['http://192.168.0.1/a', '192.168.0.1', 'http://192.168.0.1/a'],
    ['http://3232235777/a', '3232235777', 'http://3232235777/a'],
    ['http://例子.中国/a', '例子.中国', 'http://例子.中国/a'],
    ['join t.me/abc', 't.me', 't.me/abc'],
    ['(http://example.com:8080/a)', 'example.com', 'http://example.com:8080/a'],
  ])('%j holds %s', (text, host, written) => {
    const links = findLinks(text)
    expect(links.map((l) => l.host)).toEqual([host])
    expect(text.slice(...links[0]!.span!)).toBe(written)
  })

  it.each([
    'I love it.so good',
    'e.g. this, i.e. that',
    'README.md and main.rs',
    'mail me@example.com',
    'v 1.2.3.4',
    '好的。ok',
    'Hello. Me too',
    '3.5 or 4.0',
    'the dot on the i',
    'and/or',
  ])('no link in %j', (text) => {
    expect(hosts(text)).toEqual([])
  })

  it('tells what a link is made of', () => {
    expect(findLinks('http://a:b@x.com')[0]).toMatchObject({
      credentials: true,
      obfuscated: false,
      domain: 'x.com',
    })
    expect(findLinks('hxxp://x.com')[0]).toMatchObject({ obfuscated: true })
    expect(findLinks('http://аррӏе.com')[0]).toMatchObject({ mixedScript: true })
    expect(findLinks('http://pаypal.com')[0]).toMatchObject({ mixedScript: true })
    expect(readLink('http://xn--pypal-4ve.com/')).toMatchObject({ mixedScript: true, span: undefined })
    expect(findLinks('http://пример.рф')[0]).toMatchObject({ mixedScript: false })
    expect(findLinks('a.b.example.co.uk/x')[0]).toMatchObject({ domain: 'example.co.uk', rest: '/x' })
  })

  it('keeps spans inside the text and in order, whatever the text', () => {
    const part = fc.constantFrom(
      ...'ab1.。:/@-[]() 点x',
      'http://',
      'hxxp://',
      'com',
      ' dot ',
      'cn',
      '加',
      '​',
      'а',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const text = parts.join('')
        let past = 0
        for (const { span, host } of findLinks(text)) {
          expect(span![0]).toBeGreaterThanOrEqual(past)
          expect(span![1]).toBeGreaterThan(span![0])
          expect(host.length).toBeGreaterThan(2)
          past = span![1]
        }
        expect(past).toBeLessThanOrEqual(text.length)
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    'a',
    'a.',
    'a-',
    '.',
    '/',
    '://',
    'http://',
    'hxxp://a',
    '@',
    'a@',
    '[.]',
    ' dot ',
    ' . ',
    'a . ',
    '。',
    'com.',
    '1.',
    ':',
    '微信',
    '加v',
    'vx:',
    'qq1',
  ])('ends on 200 000 times %j', (part) => {
    const text = part.repeat(Math.ceil(200_000 / part.length))
    expect(findLinks(text).length).toBeLessThan(text.length)
    expect(findContacts(normalise(text)).length).toBeLessThan(6)
  })
})

describe('Links', () => {
  const links = new Links([
    { id: 'fraud/site', pattern: 'bad.example.com', category: 'fraud', score: 0.9 },
    { id: 'fraud/page', pattern: 'https://host.example.org/scam', category: 'fraud', score: 0.8 },
    { id: 'link/shortener', pattern: 'bit.ly', category: 'fraud', score: 0.2 },
  ])
  const ids = (text: string, given?: string[]) => links.match(text, given).map((s) => s.id)

  it('matches a domain and what is below it, and a path by its parts', () => {
    expect(ids('bad.example.com')).toEqual(['fraud/site'])
    expect(ids('a.b.bad.example.com/x')).toEqual(['fraud/site'])
    expect(ids('notbad.example.com')).toEqual([])
    expect(ids('host.example.org/scam/1')).toEqual(['fraud/page'])
    expect(ids('host.example.org/scammers')).toEqual([])
    expect(ids('host.example.org')).toEqual([])
  })

  it('judges links given beside the text, without spans', () => {
    expect(links.match('', ['https://bit.ly/x'])).toEqual([
      { detector: 'links', id: 'link/shortener', score: 0.2, spans: [] },
    ])
    expect(ids('', ['not a link'])).toEqual([])
  })

  it('names what is odd about a link', () => {
    expect(ids('http://10.0.0.1/ http://a@x.com hxxp://y.com t.me/abc')).toEqual([
      'contact/telegram',
      'link/credentials',
      'link/obfuscated',
      'link/raw-ip',
    ])
  })
})

describe('findContacts', () => {
  it.each([
    ['加微信 abc12345 领取', 'contact/wechat', '微信 abc12345'],
    ['联系vx：lovely_girl', 'contact/wechat', 'vx：lovely_girl'],
    ['QQ：１２３４５６７８９', 'contact/qq', 'QQ：１２３４５６７８９'],
    ['扣扣群号 87654321', 'contact/qq', '扣扣群号 87654321'],
    ['WhatsApp +44 7700 900123', 'contact/whatsapp', 'WhatsApp +44 7700 900123'],
    ['TG:@dealer99', 'contact/telegram', 'TG:@dealer99'],
  ])('%j hands out %s', (text, id, written) => {
    const [signal] = findContacts(normalise(text))
    expect(signal?.id).toBe(id)
    expect(text.slice(...signal!.spans[0]!)).toBe(written)
  })

  it.each([
    '微信支付很方便',
    'WeChat messenger is good',
    '我的qq丢了',
    'wx and vx',
    'our telegram channel',
    '在微信上聊 2 小时',
  ])('no handle in %j', (text) => {
    expect(findContacts(normalise(text))).toEqual([])
  })
})
