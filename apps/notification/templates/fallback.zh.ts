import type { TemplateText } from './template.js'

export const fallbackZh: TemplateText = {
  subject: '【Weir】通知：{template}',
  paragraphs: [['您好：', '这是来自 Weir 的通知，内容如下。'], ['{facts}']],
}
