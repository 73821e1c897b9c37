import type { SendMailOptions } from 'nodemailer'
import type { Delivery, MailContent } from './delivery.js'

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
