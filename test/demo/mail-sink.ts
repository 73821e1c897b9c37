import { once } from 'node:events'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { freePort } from '#libs/testing/free-port'

/** A mail that arrived. */
export interface ReceivedMail {
  /** The left half of the `Message-ID`: the delivery's id. */
  readonly deliveryId: string
  readonly noticeId: string
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** A mail server that takes everything and keeps it, once for each `Message-ID`. */
export class MailSink {
  readonly mails = new Map<string, ReceivedMail>()

  private constructor(
    readonly url: string,
    private readonly server: SMTPServer,
  ) {}

  static async start(): Promise<MailSink> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData: (stream, session, done) => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(', ')
        simpleParser(stream).then(
          (mail) => {
            const deliveryId = /^<([^@]+)@/.exec(mail.messageId ?? '')?.[1] ?? ''
            const noticeId = mail.headers.get('x-weir-notice-id')
            sink.mails.set(deliveryId, {
              deliveryId,
              noticeId: typeof noticeId === 'string' ? noticeId : '',
              to,
              subject: mail.subject ?? '',
              text: mail.text ?? '',
            })
            done()
          },
          (error: Error) => done(error),
        )
      },
    })
    const port = await freePort()
    const listening = once(server.server, 'listening')
    server.listen(port, '127.0.0.1')
    await listening
    const sink = new MailSink(`smtp://127.0.0.1:${port}`, server)
    return sink
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(resolve))
  }
}
