import type { PageLanguage } from '#libs/runtime/pages/page-language'

/** Every word of the page on which an intended ban is answered, in one language. */
interface AnswerWords {
  title: string
  intro: string
  measure: string
  measures: Readonly<Record<string, string>>
  platform: string
  account: string
  category: string
  clause: string
  decidedAt: string
  reasons: string
  answer: string
  until: string
  hours: (hours: number) => string
  hint: string
  send: string
  answered: string
  received: string
  kept: string
  problem: string
  problems: Readonly<Record<string, string>>
}

const zh: AnswerWords = {
  title: '对拟封禁的说明',
  intro:
    '我们拟封禁下列公众账号。措施尚未生效，您可以先作出说明；在另一位工作人员读过您的说明之前，措施不会生效。',
  measure: '拟采取的措施',
  measures: { ban: '封禁账号' },
  platform: '平台',
  account: '账号',
  category: '类别',
  clause: '所依条款',
  decidedAt: '决定时间',
  reasons: '理由',
  answer: '您的说明',
  until: '此时之前不会生效',
  hours: (hours) => `自通知送达之时起 ${hours} 小时内不会生效。`,
  hint: '最多一万字，只能提交一次。请勿填写密码或他人的个人信息。',
  send: '提交说明',
  answered: '我们已收到对此决定的说明。',
  received: '说明已收到',
  kept: '另一位工作人员将阅读您的说明，之后才会决定是否采取措施。',
  problem: '无法完成',
  problems: {
    'bad-link': '链接无效。',
    'not-found': '没有找到。请检查链接。',
    'not-held': '该决定已不再等待说明。如已采取措施，可在措施通知所附的链接中提出申诉。',
    'answered-already': '对此决定已有一份说明，不能再修改。',
    'invalid-request': '请填写说明，最多一万字。',
  },
}

const en: AnswerWords = {
  title: 'Answer to an intended ban',
  intro:
    'We intend to ban the public account below. Nothing is in force yet, and you may answer first: nothing begins before a second person has read what you write.',
  measure: 'Intended measure',
  measures: { ban: 'ban of the account' },
  platform: 'Platform',
  account: 'Account',
  category: 'Category',
  clause: 'Clause',
  decidedAt: 'Decided',
  reasons: 'Reasons',
  answer: 'Your answer',
  until: 'Not in force before',
  hours: (hours) => `Not in force for ${hours} hours from when our notice arrives.`,
  hint: 'At most 10,000 characters, and once only. Do not write passwords, or personal facts about others.',
  send: 'Send the answer',
  answered: 'We have received an answer to this decision.',
  received: 'Your answer has been received',
  kept: 'A second person will read it before anything is done.',
  problem: 'This did not work',
  problems: {
    'bad-link': 'The link is not valid.',
    'not-found': 'Nothing was found. Please check the link.',
    'not-held':
      'This decision waits no more. If there is a measure, you can object to it by the link in the notice of the measure.',
    'answered-already': 'There is an answer to this decision already, and it stays as it is.',
    'invalid-request': 'Please write an answer, in at most 10,000 characters.',
  },
}

export const ANSWER_WORDS: Readonly<Record<PageLanguage, AnswerWords>> = { zh, en }
