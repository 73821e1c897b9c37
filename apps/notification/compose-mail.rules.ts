import type { SendMailOptions } from 'nodemailer'
import { domainToASCII } from 'node:url'
import type { Delivery, MailContent } from './delivery.js'

/** The HTML standard's e-mail address: no quoting, comments or lists, which mail software reads in differing ways. */
const ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
const MAX_ADDRESS = 254

/** The address as it stands in the envelope, with its domain in ASCII, or null where no mail can be sent to it. */
export function mailAddress(address: string): string | null {
  const at = address.lastIndexOf('@')
  const domain = domainToASCII(address.slice(at + 1))
  const ascii = `${address.slice(0, at)}@${domain}`
  return ADDRESS.test(ascii) && ascii.length <= MAX_ADDRESS ? ascii : null
}

/** The part of `Name <local@domain>` after the `@`. */
function domainOf(from: string): string {
  return /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'weir.invalid'
}

/**
 * The mail of a delivery, a function of what is stored: sent again it is the same bytes, `Date`, `Message-ID` and
 * boundaries included. `to` has passed `mailAddress`.
 */
export function composeMail(delivery: Delivery, content: MailContent, to: string): SendMailOptions {
  return {
    from: content.from,
    to: { name: '', address: to },
    subject: content.subject,
    text: content.text,
    html: content.html,
    date: delivery.createdAt,
    messageId: `<${delivery._id}@${domainOf(content.from)}>`,
    headers: {
      // RFC 3834: keeps vacation responders quiet.
      'Auto-Submitted': 'auto-generated',
      'Content-Language': content.languages,
      'X-Weir-Notice-Id': encodeURIComponent(delivery.noticeId),
    },
    baseBoundary: delivery._id,
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
