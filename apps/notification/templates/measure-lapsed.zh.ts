import type { TemplateText } from './template.js'

export const measureLapsedZh: TemplateText = {
  subject: '【Weir】对公众账号 {accountId} 的措施已到期',
  paragraphs: [
    ['您好：', '对下列公众账号的措施已到期，不再有效，请贵平台解除。'],
    ['账号：{accountId}', '需执行：{kind}', '到期的指令：{reverses}', '请于此时之前执行：{dueAt}'],
    ['执行完毕后，请告知账号所有者，并通过回执告知我们。'],
    ['指令编号：{directiveId}', '决定编号：{decisionId}'],
  ],
}
