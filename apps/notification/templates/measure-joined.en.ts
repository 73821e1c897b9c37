import type { TemplateText } from './template.js'

export const measureJoinedEn: TemplateText = {
  subject: '[Weir] Further decision on a measure against public account {accountId}: {kind}',
  paragraphs: [
    [
      'Hello,',
      'a further decision now stands on a directive that your platform has already. There is nothing more to carry out.',
    ],
    [
      'Measure: {kind}',
      'Account: {accountId}',
      'Messages: {messageIds}',
      'Category: {category}',
      'Clause: {clause}',
      'What it says: {clauseTitle}',
      'Decided: {automated}',
    ],
    ['Reasons:', '{reasons}'],
    ['The owner of the account can see the reasons and object here:', '{appealUrl}'],
    ['Please tell the owner of the account.'],
    ['Directive: {directiveId}', 'Decision: {decisionId}', 'Statement of reasons: {statementOfReasonsId}'],
  ],
}
