import type { DirectiveKind } from '#libs/contracts/directive'
import type { AppealState } from './appeal-transitions.js'
import type { PageLanguage } from '#libs/runtime/pages/page-language'

/** Every word of the appeal pages, in one language. */
export interface PageWords {
  appeal: string
  status: string
  measure: string
  account: string
  platform: string
  category: string
  clause: string
  issuedAt: string
  until: string
  decided: { fully: string; partially: string; not: string }
  reasons: string
  evidence: string
  noEvidence: string
  sealed: string
  erased: string
  message: string
  object: string
  grounds: string
  hint: string
  send: string
  openUntil: string
  received: string
  keepCode: string
  code: string
  look: string
  withdraw: string
  facts: string
  factsHint: string
  sendFacts: string
  state: string
  problem: string
  kinds: Readonly<Record<DirectiveKind, string>>
  states: Readonly<Record<AppealState, string>>
  problems: Readonly<Record<string, string>>
}

const zh: PageWords = {
  appeal: '申诉',
  status: '查询申诉进度',
  measure: '措施',
  account: '账号',
  platform: '平台',
  category: '类别',
  clause: '所依条款',
  issuedAt: '作出时间',
  until: '期限至',
  decided: { fully: '由系统自动作出。', partially: '由系统作出，经工作人员确认。', not: '由工作人员作出。' },
  reasons: '理由',
  evidence: '所依据的消息',
  noEvidence: '没有可显示的消息。',
  sealed: '该内容已封存，不予显示。',
  erased: '保存期限已过，该内容已删除。',
  message: '消息',
  object: '提出申诉',
  grounds: '申诉理由',
  hint: '最多一万字。请勿填写密码或他人的个人信息。',
  send: '提交申诉',
  openUntil: '申诉截止时间',
  received: '申诉已收到',
  keepCode: '请保存此查询码，之后无法再次查看。凭此码可查询申诉的进度和结果。',
  code: '查询码',
  look: '查询',
  withdraw: '撤回申诉',
  facts: '补充新的事实',
  factsHint:
    '最多一万字，最多五次。申诉已有结果的，由未曾参与本案的人员决定是否重新审理；措施在此期间继续有效。',
  sendFacts: '提交补充',
  state: '状态',
  problem: '无法完成',
  kinds: {
    label_message: '为消息加注标签',
    warn_account: '警告账号',
    remove_message: '删除消息',
    limit_account: '限制账号功能',
    suspend_account: '暂停账号',
    ban_account: '封禁账号',
    restore_message: '恢复消息',
    lift_restriction: '解除限制',
    provide_message: '重新提供消息',
  },
  states: {
    open: '等待处理',
    claimed: '处理中',
    upheld: '维持原决定',
    granted: '申诉成立，原决定已撤销',
    partly_granted: '申诉部分成立，已改为较轻措施',
    withdrawn: '已撤回',
  },
  problems: {
    'bad-link': '链接无效或已过期。',
    'not-found': '没有找到。请检查查询码或链接。',
    'window-over': '申诉期限已过。',
    'appeal-open': '针对该措施已有一项申诉正在处理，可凭查询码查询。',
    'already-decided':
      '针对该措施的申诉已有结果，不能再次申诉。您可以向法院或庭外争议解决机构寻求救济；新的事实可凭查询码补充。',
    'too-many-appeals': '针对该措施已提出五次申诉，不能再次申诉。您可以向法院或庭外争议解决机构寻求救济。',
    'appeal-decided': '该申诉已有结果，无法撤回。',
    'appeal-withdrawn': '该申诉已撤回，无法补充。',
    'too-many-facts': '已补充五次，不能再补充。',
    'idempotency-key-reused': '此表单已经提交过。请重新打开链接。',
    'not-the-owner': '只有账号所有者可以这样做。',
    'undone-already': '该措施已被撤销。',
    'nothing-to-object-to': '此说明涉及的是措施的解除，无需申诉。',
    'invalid-request': '请填写申诉理由，最多一万字。',
  },
}

const en: PageWords = {
  appeal: 'Appeal',
  status: 'Follow an appeal',
  measure: 'Measure',
  account: 'Account',
  platform: 'Platform',
  category: 'Category',
  clause: 'Clause',
  issuedAt: 'Issued',
  until: 'In force until',
  decided: {
    fully: 'Decided automatically.',
    partially: 'Decided automatically and confirmed by a person.',
    not: 'Decided by a person.',
  },
  reasons: 'Reasons',
  evidence: 'The messages it rests on',
  noEvidence: 'There is no message to show.',
  sealed: 'This content is sealed and is not shown.',
  erased: 'This content was deleted, because the time for which it is kept is over.',
  message: 'Message',
  object: 'Object to this measure',
  grounds: 'Why do you object?',
  hint: 'At most 10,000 characters. Do not write passwords, or personal facts about others.',
  send: 'Send the appeal',
  openUntil: 'You can object until',
  received: 'Your appeal has been received',
  keepCode:
    'Keep this code: it is shown only here. With it you can see how your appeal stands and how it ends.',
  code: 'Receipt code',
  look: 'Look it up',
  withdraw: 'Withdraw the appeal',
  facts: 'Add new facts',
  factsHint:
    'At most 10,000 characters, five times. Where the appeal is decided, somebody who had no part in the case may hear it again; the measure stands meanwhile.',
  sendFacts: 'Send the facts',
  state: 'State',
  problem: 'This did not work',
  kinds: {
    label_message: 'a label on the message',
    warn_account: 'a warning to the account',
    remove_message: 'removal of the message',
    limit_account: 'a limitation of the account',
    suspend_account: 'suspension of the account',
    ban_account: 'ban of the account',
    restore_message: 'return of the message',
    lift_restriction: 'end of a restriction',
    provide_message: 'request for the message',
  },
  states: {
    open: 'waiting for somebody to hear it',
    claimed: 'being heard',
    upheld: 'decided: the measure stands',
    granted: 'granted: what was decided has been undone',
    partly_granted: 'granted in part: a lesser measure takes its place',
    withdrawn: 'withdrawn',
  },
  problems: {
    'bad-link': 'The link is not valid, or has expired.',
    'not-found': 'Nothing was found. Please check the code or the link.',
    'window-over': 'The time to object to this measure is over.',
    'appeal-open':
      'An appeal against this measure is being heard already; its receipt code shows how it stands.',
    'already-decided':
      'The appeal against this measure has been decided; there is no second one. You may turn to a court or to an out-of-court dispute settlement body. New facts can be added under the receipt code.',
    'too-many-appeals':
      'This measure has been appealed against five times; no more is possible. You may turn to a court or to an out-of-court dispute settlement body.',
    'appeal-decided': 'The appeal has been decided and cannot be withdrawn.',
    'appeal-withdrawn': 'The appeal was withdrawn; nothing can be added to it.',
    'too-many-facts': 'Facts have been added five times; no more is possible.',
    'idempotency-key-reused': 'This form has been sent already. Please open the link again.',
    'not-the-owner': 'Only the owner of the account may do this.',
    'undone-already': 'The measure has been undone already.',
    'nothing-to-object-to': 'This statement is about the end of a measure; there is nothing to object to.',
    'invalid-request': 'Please say why you object, in at most 10,000 characters.',
  },
}

export const PAGE_WORDS: Readonly<Record<PageLanguage, PageWords>> = { zh, en }
