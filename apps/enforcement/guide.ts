import type { ApiGuide } from '#libs/runtime/http/openapi'

export const ENFORCEMENT_GUIDE: ApiGuide = {
  description: `Keeps the strikes and cases of each public account, lets people decide, orders measures from platforms, tells the
reasons, and hears objections. The grave measures are decisions of people, some of them of two; every change and every
view of evidence is entered into the audit log.

Lists answer \`{items, nextCursor}\`, newest first unless said otherwise; \`cursor\` takes the \`nextCursor\` of the page before.
Send an \`Idempotency-Key\` to be able to repeat a request safely, and the \`ETag\` of what you read as \`If-Match\` to change
only what you have seen. Errors are \`application/problem+json\` (RFC 9457) with a stable \`type\`.`,
  tags: {
    Queues: 'How many cases wait, and for how long.',
    Cases:
      'The file on one account, or on a cluster of accounts, until it is decided: found, claimed, worked on.',
    Decisions: 'What was decided on a case, and what a second person says to it.',
    Accounts: 'Public accounts that were ever flagged, with their strikes and the measures in force.',
    Directives: 'Orders to platforms to carry out a measure by a deadline, and their receipts.',
    Statements: 'Statements of reasons: why a measure was ordered, on what ground, and how to object.',
    Appeals:
      'Objections to measures, opened by whoever has the link, heard by seniors without an earlier part.',
    'Intended bans': 'What owners of accounts answer before a ban begins.',
    'Second reviews': 'Cases decided again by somebody who does not know the first decision.',
    'Golden cases': 'Decided cases whose right answer is known, handed out among the second reviews.',
    Operators: 'What people who look at evidence were shown, and how well they decide.',
    Platforms: 'The messaging services under duty.',
    Policies: 'Versions of the rules. Two people bring one into effect.',
    Banks: 'Lists of words, links and known false claims that detectors use. What may act needs two people.',
    'Audit log':
      'Every change of state and every view of evidence, and the signatures that prove the log unchanged.',
  },
}
