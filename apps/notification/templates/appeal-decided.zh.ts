import type { TemplateText } from './template.js'

export const appealDecidedZh: TemplateText = {
  subject: '【Weir】公众账号 {accountId} 的申诉已有结果',
  paragraphs: [
    ['您好：', '未曾参与本案的人员已就下列公众账号的申诉作出决定，请转告账号所有者。'],
    ['账号：{accountId}', '结果：{outcome}', '所申诉的措施：{measure}', '改为：{replacement}'],
    ['理由：', '{reasons}'],
    ['如需执行，将另行发出指令。'],
    [
      '申诉编号：{appealId}',
      '指令编号：{directiveId}',
      '决定编号：{decisionId}',
      '理由说明编号：{statementOfReasonsId}',
    ],
  ],
}
