import { createTransport, type Transporter } from 'nodemailer'
import { mailAddress } from '#libs/contracts/mail-address'
import {
  type AttemptResult,
  delivered,
  fromMailFailure,
  hopeless,
  type MailFailure,
} from './attempt.rules.js'
import { composeMail } from './compose-mail.rules.js'
import type { Delivery, NoticeContent } from './delivery.js'

/** For one mail, from its turn on to the relay's answer. */
const MAIL_TIMEOUT_MS = 45_000

/** Hands mails to the relay over a few connections that are kept. */
export class MailSender {
  private readonly transport: Transporter

  constructor(smtpUrl: string, connections: number) {
    this.transport = createTransport({
      url: smtpUrl,
      pool: true,
      maxConnections: connections,
      // The dispatcher tries again, and logs it; the pool does not.
      maxRequeues: 0,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 30_000,
    })
  }

  /** One attempt. Never rejects for what the relay does. */
  async send(delivery: Delivery, content: NoticeContent): Promise<AttemptResult> {
    const to = mailAddress(delivery.address ?? '')
    if (to === null) return hopeless('bad-address')
    if (content.mail === null) return hopeless('no-content')
    const mail = composeMail(delivery, content.mail, to)
    try {
      await this.transport.sendMail({ ...mail, signal: AbortSignal.timeout(MAIL_TIMEOUT_MS) })
      return delivered(250)
    } catch (error) {
      return fromMailFailure(error as MailFailure)
    }
  }

  close(): void {
    this.transport.close()
  }
}
