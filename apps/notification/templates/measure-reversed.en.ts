import type { TemplateText } from './template.js'

export const measureReversedEn: TemplateText = {
  subject: '[Weir] Measure on public account {accountId} reversed',
  paragraphs: [
    ['Hello,', 'we have reversed an earlier measure on the public account below. Please undo it.'],
    [
      'Account: {accountId}',
      'To do: {kind}',
      'Messages: {messageIds}',
      'Undoes directive: {reverses}',
      'To be carried out by: {dueAt}',
    ],
    ['Reasons:', '{reasons}'],
    ['When it is done, please tell the owner of the account, and send us a receipt.'],
    ['Directive: {directiveId}', 'Decision: {decisionId}', 'Statement of reasons: {statementOfReasonsId}'],
  ],
}
