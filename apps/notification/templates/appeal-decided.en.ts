import type { TemplateText } from './template.js'

export const appealDecidedEn: TemplateText = {
  subject: '[Weir] Appeal of public account {accountId} decided',
  paragraphs: [
    [
      'Hello,',
      'somebody who had no part in the case has decided the appeal of the public account below. Please tell its owner.',
    ],
    [
      'Account: {accountId}',
      'Outcome: {outcome}',
      'Measure appealed: {measure}',
      'In its place: {replacement}',
    ],
    ['Reasons:', '{reasons}'],
    ['What is to be done, if anything, comes as directives of their own.'],
    [
      'Appeal: {appealId}',
      'Directive: {directiveId}',
      'Decision: {decisionId}',
      'Statement of reasons: {statementOfReasonsId}',
    ],
  ],
}
