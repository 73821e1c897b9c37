import { stringify } from 'yaml'

/** A policy of one clause and one rule that the lint has nothing against: for the examples of the API's description. */
export const EXAMPLE_POLICY = {
  name: 'fraud-only',
  languages: ['zh', 'en'],
  categories: {
    fraud: {
      title: { zh: '诈骗', en: 'Fraud' },
      actsOn: 'evidence',
      dsa: { category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', keywords: ['KEYWORD_PHISHING'] },
    },
  },
  clauses: {
    'fraud.general': {
      category: 'fraud',
      severity: 1,
      title: { zh: '诈骗', en: 'Fraud' },
      text: { zh: '不得以欺骗手段骗取他人财物。', en: 'It is forbidden to obtain money or goods by deceit.' },
      reasons: { zh: '该消息意在骗取财物。', en: 'The message is made to obtain money by deceit.' },
    },
    'fraud.advance-fee': {
      category: 'fraud',
      severity: 2,
      title: { zh: '预付费诈骗', en: 'Advance-fee fraud' },
      text: {
        zh: '不得以并不存在的遗产、奖金或贷款为由要求预付费用。',
        en: 'It is forbidden to ask for a fee before an inheritance, prize or loan that does not exist.',
      },
      reasons: {
        zh: '该消息以并不存在的遗产要求预付费用。',
        en: 'The message asks for a fee before an inheritance that does not exist.',
      },
    },
  },
  thresholds: { fraud: { default: { review: 0.5, act: 0.9 } } },
  rules: [
    {
      id: 'fraud.phrase',
      when: 'lexicon.fraud >= 0.9',
      then: { category: 'fraud', clause: 'fraud.advance-fee', outcome: 'act' },
    },
  ],
  exceptions: [
    { id: 'reporting', when: '"reporting" in context', title: { zh: '新闻报道', en: 'Reporting' } },
    { id: 'education', when: '"education" in context', title: { zh: '教育与警示', en: 'Education' } },
    { id: 'satire', when: '"satire" in context', title: { zh: '讽刺与戏仿', en: 'Satire' } },
    {
      id: 'counter-speech',
      when: '"counter-speech" in context',
      title: { zh: '反驳与澄清', en: 'Correction' },
    },
  ],
  strikes: { points: { 1: 1, 2: 2, 3: 4, 4: 8 }, expiresAfter: 'P90D', maxAge: 'P180D' },
  ladder: [
    { level: 1, minPoints: 1, measure: 'warn' },
    { level: 2, minPoints: 4, measure: 'limit', duration: 'P7D', limits: { forwarding: false } },
    { level: 3, minPoints: 8, measure: 'suspend', duration: 'P7D' },
    { level: 4, minPoints: 16, measure: 'suspend', duration: 'P7D', proposes: 'ban' },
  ],
  automation: { maxSuspension: 'P7D' },
  decisions: { maxSuspension: 'P90D' },
  secondApproval: { minFollowers: 100_000, lapseAfter: 'PT72H' },
  ban: { noticeOfIntent: 'PT72H' },
  appeals: { window: 'P184D', undecidedSuspends: 'P14D' },
  evidence: { keepAfterAppeal: 'P31D' },
  cases: { claimLease: 'PT30M', dueWithin: { 1: 'P7D', 2: 'P3D', 3: 'P1D', 4: 'PT4H' } },
  deadlines: { default: { acknowledge: 'PT1H', carryOut: 'PT24H' } },
}

/** The same as it is written. */
export const EXAMPLE_POLICY_TEXT = stringify(EXAMPLE_POLICY)
