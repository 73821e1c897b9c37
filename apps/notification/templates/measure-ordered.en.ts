import type { TemplateText } from './template.js'

export const measureOrderedEn: TemplateText = {
  subject: '[Weir] Measure on public account {accountId}: {kind}',
  paragraphs: [
    ['Hello,', 'we have ordered your platform to take a measure on the public account below.'],
    [
      'Measure: {kind}',
      'Account: {accountId}',
      'Messages: {messageIds}',
      'Category: {category}',
      'Clause: {clause}',
      'What it says: {clauseTitle}',
      'Decided: {automated}',
      'In force until: {until}',
      'To be acknowledged by: {acknowledgeBy}',
      'To be carried out by: {dueAt}',
    ],
    ['Reasons:', '{reasons}'],
    ['The owner of the account can see the reasons and object here:', '{appealUrl}'],
    ['When it is done, please tell the owner of the account, and send us a receipt.'],
    ['Directive: {directiveId}', 'Decision: {decisionId}', 'Statement of reasons: {statementOfReasonsId}'],
  ],
}
