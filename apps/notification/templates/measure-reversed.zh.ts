import type { TemplateText } from './template.js'

export const measureReversedZh: TemplateText = {
  subject: '【Weir】撤销对公众账号 {accountId} 的措施',
  paragraphs: [
    ['您好：', '我们撤销了此前对下列公众账号的措施，请贵平台恢复原状。'],
    [
      '账号：{accountId}',
      '需执行：{kind}',
      '消息：{messageIds}',
      '撤销的指令：{reverses}',
      '请于此时之前执行：{dueAt}',
    ],
    ['理由：', '{reasons}'],
    ['执行完毕后，请告知账号所有者，并通过回执告知我们。'],
    ['指令编号：{directiveId}', '决定编号：{decisionId}', '理由说明编号：{statementOfReasonsId}'],
  ],
}
