import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { mailAddress } from '#libs/contracts/mail-address'
import { composeMail } from './compose-mail.rules.js'
import { expandNotice } from './expand-notice.rules.js'

const transport = createTransport({ streamTransport: true, buffer: true })

async function bytesOf(notice = aNotice(), to = 'safety@p1.example'): Promise<Buffer> {
  const known = { platform: aPlatform(), hasWebhook: false, operatorsEmail: '' }
  const { deliveries, content } = expandNotice(notice, known, 'Weir <weir@weir.example>', new Date(0))
  const sent = await transport.sendMail(composeMail(deliveries[0]!, content.mail!, to))
  return sent.message as Buffer
}

describe('a mail', () => {
  it('is the same bytes each time', async () => {
    expect(await bytesOf()).toEqual(await bytesOf())
  })

  it('says what it is in its headers, and comes as text and HTML', async () => {
    const mail = await simpleParser(await bytesOf(aNotice({ language: 'en' })))
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
    expect(mail.headers.get('x-weir-notice-id')).toBe('nt_1')
    expect(mail.headers.get('content-language')).toBe('en')
    expect(mail.headers.has('x-mailer')).toBe(false)
    expect(mail.messageId).toMatch(/^<dl_[a-z2-7]{26}@weir\.example>$/)
    expect(mail.date).toEqual(new Date('2026-11-24T07:00:00Z'))
    expect(mail.text).toContain('The message asks for a fee in advance.')
    expect(mail.html).toContain('href="https://weir.example/appeal?token=t-1"')
  })

  it('gets no header from a hostile value', async () => {
    const expected = [...(await simpleParser(await bytesOf(aNotice()))).headers.keys()].sort()
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom(
        'x\r\nBcc: evil@example.org',
        'x\nX-Evil: 1',
        'x\u0085Bcc: e@e',
        '=?utf-8?B?DQpCY2M6IGU=?=',
      ),
    )
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (accountId, noticeId) => {
        const notice = aNotice({
          noticeId: noticeId.toWellFormed(),
          data: { accountId: `a${accountId}`, kind: 'x' },
        })
        const mail = await simpleParser(await bytesOf(notice))
        expect([...mail.headers.keys()].sort()).toEqual(expected)
        expect(mail.to).toMatchObject({ value: [{ address: 'safety@p1.example' }] })
      }),
      { numRuns: 60 },
    )
  })
})

describe('an address', () => {
  it.each([
    ['a@example.org', 'a@example.org'],
    ["o'neil+tag@sub.example.org", "o'neil+tag@sub.example.org"],
    ['a@例子.中国', 'a@xn--fsqu00a.xn--fiqs8s'],
    ['a@localhost', 'a@localhost'],
    ['a,b@example.org', null],
    ['"a@evil.example x"@example.org', null],
    ['<a@example.org>', null],
    ['a@example.org>,<b@evil.example', null],
    ['a@example.org\r\nBcc: x@y.z', null],
    ['a;b@example.org', null],
    ['甲@example.org', null],
    ['a@-x.example', null],
    ['@example.org', null],
    ['a', null],
    ['', null],
    [`a@${'x.'.repeat(130)}org`, null],
  ])('%s', (address, expected) => {
    expect(mailAddress(address)).toBe(expected)
  })
})
