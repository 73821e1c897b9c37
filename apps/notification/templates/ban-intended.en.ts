import type { TemplateText } from './template.js'

export const banIntendedEn: TemplateText = {
  subject: '[Weir] Intended ban of public account {accountId}',
  paragraphs: [
    [
      'Hello,',
      'we intend to ban the public account below. Nothing is in force yet, and its owner may answer first: please pass this on.',
    ],
    [
      'Account: {accountId}',
      'Category: {category}',
      'Clause: {clause}',
      'What it says: {clauseTitle}',
      'Not in force before: {notBefore}',
    ],
    [
      'Nothing begins until {hours} hours after this notice has reached you. The hours run from its delivery, not from our decision.',
    ],
    ['Reasons:', '{reasons}'],
    [
      'The owner of the account can see the reasons and answer here. A second person will read the answer before anything begins:',
      '{answerUrl}',
    ],
    ['Case: {caseId}', 'Decision: {decisionId}'],
  ],
}
