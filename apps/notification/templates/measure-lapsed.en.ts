import type { TemplateText } from './template.js'

export const measureLapsedEn: TemplateText = {
  subject: '[Weir] Measure on public account {accountId} has ended',
  paragraphs: [
    ['Hello,', 'the time of a measure on the public account below is over. Please lift it.'],
    [
      'Account: {accountId}',
      'To do: {kind}',
      'Directive that ends: {reverses}',
      'To be carried out by: {dueAt}',
    ],
    ['When it is done, please tell the owner of the account, and send us a receipt.'],
    ['Directive: {directiveId}', 'Decision: {decisionId}'],
  ],
}
