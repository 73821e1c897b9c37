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
    ['Reasons:', '{reasons}'],
    ['Case: {caseId}', 'Decision: {decisionId}'],
  ],
}
