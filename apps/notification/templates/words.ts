import type { DirectiveKind } from '#libs/contracts/directive'
import type { Language } from './template.js'

type Word = Readonly<Record<Language, string>>

const DIRECTIVE_WORDS: Readonly<Record<DirectiveKind, Word>> = {
  label_message: { zh: '为消息加注标签', en: 'label the message' },
  warn_account: { zh: '警告账号', en: 'warn the account' },
  remove_message: { zh: '删除消息', en: 'remove the message' },
  limit_account: { zh: '限制账号功能', en: 'limit the account' },
  suspend_account: { zh: '暂停账号', en: 'suspend the account' },
  ban_account: { zh: '封禁账号', en: 'ban the account' },
  restore_message: { zh: '恢复消息', en: 'restore the message' },
  lift_restriction: { zh: '解除限制', en: 'lift the restriction' },
  provide_message: { zh: '重新提供消息', en: 'provide the message again' },
}

/** Codes of the notices' data as words for people. A code that is missing here is written as it is. */
export const WORDS: Readonly<Record<string, Word>> = {
  ...DIRECTIVE_WORDS,
  misinformation: { zh: '谣言与虚假信息', en: 'misinformation' },
  violence: { zh: '暴力', en: 'violence' },
  terrorism: { zh: '恐怖主义', en: 'terrorism' },
  sexual: { zh: '色情', en: 'sexual content' },
  fraud: { zh: '欺诈', en: 'fraud' },
  coordination: { zh: '协同造假行为', en: 'coordinated inauthentic behaviour' },
  hate: { zh: '仇恨言论', en: 'hate' },
  child_safety: { zh: '儿童安全', en: 'child safety' },
  none: { zh: '不采取措施', en: 'no measure' },
  label: { zh: '加注标签', en: 'a label' },
  warn: { zh: '警告', en: 'a warning' },
  remove: { zh: '删除消息', en: 'removal of the message' },
  limit: { zh: '限制账号', en: 'a limitation of the account' },
  suspend: { zh: '暂停账号', en: 'a suspension of the account' },
  ban: { zh: '封禁账号', en: 'a ban of the account' },
  upheld: { zh: '维持原决定', en: 'the measure stands' },
  granted: { zh: '申诉成立，撤销原决定', en: 'granted: everything that was decided is undone' },
  partly_granted: {
    zh: '申诉部分成立，改为较轻措施',
    en: 'granted in part: a lesser measure takes its place',
  },
  true: { zh: '自动', en: 'automatically' },
  false: { zh: '由工作人员', en: 'by a person' },
}
