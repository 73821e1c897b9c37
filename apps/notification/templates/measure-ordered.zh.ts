import type { TemplateText } from './template.js'

export const measureOrderedZh: TemplateText = {
  subject: '【Weir】对公众账号 {accountId} 的措施：{kind}',
  paragraphs: [
    ['您好：', '我们已要求贵平台对下列公众账号采取措施。'],
    [
      '措施：{kind}',
      '账号：{accountId}',
      '消息：{messageIds}',
      '类别：{category}',
      '所依条款：{clause}',
      '条款：{clauseTitle}',
      '作出方式：{automated}',
      '期限至：{until}',
      '请于此时之前确认收到：{acknowledgeBy}',
      '请于此时之前执行：{dueAt}',
    ],
    ['理由：', '{reasons}'],
    ['账号所有者可在此查看理由并提出申诉：', '{appealUrl}'],
    ['执行完毕后，请告知账号所有者，并通过回执告知我们。'],
    ['指令编号：{directiveId}', '决定编号：{decisionId}', '理由说明编号：{statementOfReasonsId}'],
  ],
}
