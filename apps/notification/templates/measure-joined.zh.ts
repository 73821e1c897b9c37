import type { TemplateText } from './template.js'

export const measureJoinedZh: TemplateText = {
  subject: '【Weir】对公众账号 {accountId} 的措施另有一项决定：{kind}',
  paragraphs: [
    ['您好：', '贵平台已收到的一项指令现在另有一项决定作为依据，无需再次执行。'],
    [
      '措施：{kind}',
      '账号：{accountId}',
      '消息：{messageIds}',
      '类别：{category}',
      '所依条款：{clause}',
      '条款：{clauseTitle}',
      '作出方式：{automated}',
    ],
    ['理由：', '{reasons}'],
    ['账号所有者可在此查看理由并提出申诉：', '{appealUrl}'],
    ['请告知账号所有者。'],
    ['指令编号：{directiveId}', '决定编号：{decisionId}', '理由说明编号：{statementOfReasonsId}'],
  ],
}
