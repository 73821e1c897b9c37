import type { TemplateText } from './template.js'

export const fallbackEn: TemplateText = {
  subject: '[Weir] Notice: {template}',
  paragraphs: [['Hello,', 'this is a notice from Weir. Its details:'], ['{facts}']],
}
