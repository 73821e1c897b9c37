import type { ServiceName } from '#libs/contracts/catalogue'
import type { Role } from '#libs/runtime/auth/roles'

/** One route and who may call it. */
export interface AccessLine {
  readonly service: ServiceName
  readonly method: string
  /** As the OpenAPI document has it, `{name}` for a parameter. */
  readonly path: string
  readonly access: 'public' | readonly Role[]
}

/**
 * Who may call what, written down from the rows of SPEC section 5 and from nothing in the code: a line for each route. A new
 * route needs its line here, or the test fails.
 *
 * - "every read": `auditor`, `admin`. "admin … never decides or hears appeals": no writing on cases, decisions, appeals.
 * - "read cases and accounts", "the same": `triage`, `moderator`, `senior`. "account search": `hotline`, the list alone.
 * - A label is a measure: `moderator`, `senior`.
 * - Decisions, directives and statements are what deciding makes: those who decide measures (`moderator`, `senior`) read them
 *   and answer to a stopped clock.
 * - What people were shown, and how well they decide: each their own; of all, those who answer for them (`senior`) and read
 *   everything.
 * - "policies, banks, back-tests": `policy_editor`; the models are what back-tests run.
 * - "webhooks, settings": `admin`; notices and their templates are among the settings.
 * - "its own messages, classify, directives, receipts, duties, statements": `platform`.
 */
const TABLE = `
enforcement GET   /v1/accounts                                triage moderator senior hotline auditor admin
enforcement GET   /v1/accounts/{platform}/{account}           triage moderator senior auditor admin
enforcement GET   /v1/accounts/{platform}/{account}/timeline  triage moderator senior auditor admin
enforcement GET   /v1/accounts/{platform}/{account}/related   triage moderator senior auditor admin
enforcement POST  /v1/accounts/{platform}/{account}/labels    moderator senior

enforcement GET   /v1/cases                                   triage moderator senior auditor admin
enforcement POST  /v1/cases/next                              triage moderator senior
enforcement GET   /v1/cases/{id}                              triage moderator senior auditor admin
enforcement POST  /v1/cases/{id}/claim                        triage moderator senior
enforcement POST  /v1/cases/{id}/release                      triage moderator senior
enforcement POST  /v1/cases/{id}/notes                        triage moderator senior
enforcement POST  /v1/cases/{id}/decisions                    triage moderator senior
enforcement POST  /v1/cases/{id}/extend                       triage moderator senior
enforcement POST  /v1/cases/{id}/snooze                       triage moderator senior
enforcement POST  /v1/cases/{id}/reassign                     triage moderator senior
enforcement POST  /v1/cases/{id}/escalate                     triage moderator senior
enforcement POST  /v1/cases/{id}/reopen                       moderator senior
enforcement POST  /v1/cases/{id}/merge                        moderator senior
enforcement GET   /v1/cases/{id}/copies                       triage moderator senior auditor admin
enforcement GET   /v1/queues                                  triage moderator senior auditor admin

enforcement GET   /v1/operators/me/exposure                   triage moderator senior
enforcement GET   /v1/operators/exposure                      senior auditor admin
enforcement GET   /v1/operators/me/quality                    triage moderator senior

enforcement GET   /v1/reviews                                 senior auditor admin
enforcement POST  /v1/reviews/next                            moderator senior
enforcement POST  /v1/reviews/{id}/decision                   moderator senior
enforcement GET   /v1/golden-cases                            senior auditor admin
enforcement POST  /v1/golden-cases                            senior
enforcement POST  /v1/golden-cases/{id}/approve               senior
enforcement POST  /v1/golden-cases/{id}/retire                senior
enforcement GET   /v1/reports/quality                         senior auditor admin

enforcement GET   /v1/appeals                                 senior auditor admin
enforcement POST  /v1/appeals                                 public
enforcement GET   /v1/appeals/{id}                            senior auditor admin
enforcement POST  /v1/appeals/{id}/claim                      senior
enforcement POST  /v1/appeals/{id}/decision                   senior
enforcement POST  /v1/appeals/{id}/reopen                     senior
enforcement POST  /v1/appeals/{receiptCode}/facts             public
enforcement GET   /v1/appeals/status/{receiptCode}            public
enforcement POST  /v1/appeals/status/{receiptCode}/withdraw   public
enforcement GET   /appeal                                     public
enforcement POST  /appeal                                     public
enforcement GET   /appeal/status                              public
enforcement POST  /appeal/status                              public

enforcement POST  /v1/answers                                 public
enforcement GET   /answer                                     public
enforcement POST  /answer                                     public

enforcement GET   /v1/decisions                               moderator senior auditor admin
enforcement GET   /v1/decisions/{id}                          moderator senior auditor admin
enforcement POST  /v1/decisions/bulk                          senior
enforcement POST  /v1/decisions/{id}/approve                  senior
enforcement POST  /v1/decisions/{id}/refuse                   senior
enforcement POST  /v1/decisions/{id}/reverse                  senior

enforcement GET   /v1/directives                              moderator senior auditor admin platform
enforcement GET   /v1/directives/{id}                         moderator senior auditor admin platform
enforcement POST  /v1/directives/{id}/receipts                platform
enforcement POST  /v1/directives/{id}/answer                  moderator senior

enforcement GET   /v1/statements-of-reasons                   moderator senior auditor admin platform
enforcement GET   /v1/statements-of-reasons/{id}              moderator senior auditor admin platform

enforcement GET   /v1/audit                                   auditor admin
enforcement GET   /v1/audit/export                            auditor admin
enforcement GET   /v1/public/checkpoints                      public

enforcement GET   /v1/platforms                               auditor admin
enforcement POST  /v1/platforms                               admin
enforcement GET   /v1/platforms/{id}                          auditor admin
enforcement PATCH /v1/platforms/{id}                          admin

enforcement GET   /v1/policies                                policy_editor auditor admin
enforcement POST  /v1/policies                                policy_editor
enforcement POST  /v1/policies/lint                           policy_editor
enforcement GET   /v1/policies/{version}                      policy_editor auditor admin
enforcement POST  /v1/policies/{version}/approve              policy_editor
enforcement POST  /v1/policies/{version}/publish              policy_editor

enforcement GET   /v1/banks                                   policy_editor auditor admin
enforcement GET   /v1/banks/{bank}/entries                    policy_editor auditor admin
enforcement POST  /v1/banks/{bank}/entries                    policy_editor
enforcement GET   /v1/banks/{bank}/entries/{entry}            policy_editor auditor admin
enforcement PUT   /v1/banks/{bank}/entries/{entry}            policy_editor
enforcement DELETE /v1/banks/{bank}/entries/{entry}           policy_editor
enforcement POST  /v1/banks/{bank}/entries/{entry}/approve    policy_editor
enforcement POST  /v1/banks/{bank}/entries/{entry}/quarantine policy_editor senior
enforcement POST  /v1/banks/{bank}/entries/{entry}/release    policy_editor
enforcement GET   /v1/banks/{bank}/entries/export             policy_editor auditor admin
enforcement POST  /v1/banks/{bank}/entries/import             policy_editor
enforcement POST  /v1/banks/{bank}/entries/imports/{import}/approve  policy_editor
enforcement GET   /v1/banks/{bank}/export                     policy_editor auditor admin
enforcement POST  /v1/banks/{bank}/import                     policy_editor
enforcement POST  /v1/banks/{bank}/imports/{import}/approve   policy_editor

ingestion      POST /v1/messages                              platform

classification POST /v1/classify                              platform
classification GET  /v1/models                                policy_editor auditor admin

notification   GET  /v1/notices                               auditor admin
notification   POST /v1/notices/{id}/redeliver                admin
notification   GET  /v1/notices/templates/{name}/preview      auditor admin
notification   GET  /v1/webhooks/{platform}                   auditor admin
notification   PUT  /v1/webhooks/{platform}                   admin
notification   POST /v1/webhooks/{platform}/rotate            admin
`

/** What each service has without a token (SPEC section 3), and the test clock where it is allowed. */
const OF_EACH = ['GET /health/live', 'GET /health/ready', 'GET /metrics', 'POST /v1/test/clock']

/** The lines of the table, with what each of `services` has beside it. */
export function accessLines(services: readonly ServiceName[]): AccessLine[] {
  const lines = TABLE.split('\n').filter((line) => line !== '')
  return [...lines, ...services.flatMap((name) => OF_EACH.map((route) => `${name} ${route} public`))].map(
    (line) => {
      const [service, method, path, ...words] = line.split(/ +/) as [ServiceName, string, string, ...Role[]]
      return { service, method, path, access: (words as string[])[0] === 'public' ? 'public' : words }
    },
  )
}
