import type { TemplateText } from './template.js'

export const banIntendedZh: TemplateText = {
  subject: '【Weir】拟封禁公众账号 {accountId}',
  paragraphs: [
    ['您好：', '我们拟封禁下列公众账号。措施尚未生效，账号所有者可先作出说明，请转告。'],
    [
      '账号：{accountId}',
      '类别：{category}',
      '所依条款：{clause}',
      '条款：{clauseTitle}',
      '最早生效时间：{notBefore}',
    ],
    ['本通知送达贵方后 {hours} 小时内，措施不会生效；时限自通知送达之时起算，而非自决定作出之时。'],
    ['理由：', '{reasons}'],
    ['账号所有者可在此查看理由并作出说明；在另一位工作人员读过说明之前，措施不会生效：', '{answerUrl}'],
    ['案件编号：{caseId}', '决定编号：{decisionId}'],
  ],
}
