import { APPEAL_STATES, APPEAL_TRANSITIONS } from './appeals/appeal-transitions.js'
import { CASE_STATES, CASE_TRANSITIONS } from './ledger/cases/case-transitions.js'
import { POLICY_STATES, POLICY_TRANSITIONS } from './policies/policy-transitions.js'

/** The page `docs/states.md`, from the transition tables in code. */
export function statesPage(): string {
  return [
    '# States',
    '',
    'The states of cases, appeals, policies and directives, and what leads from one to another.',
    '',
    'Printed from the transition tables in the code; what is not listed is not possible. A test keeps this page up to date.',
    '',
    ...chapter('Case', CASE_STATES, CASE_TRANSITIONS),
    'A decided case takes a decision only where automation alone decided it, and a held one none; what comes meanwhile goes to',
    'another case of the account (docs/adr/0114).',
    '',
    'A cluster waits while an account of it has no decision, is `held` while a decision on one waits, and `decided` else; it opens',
    'again when it grows by an account, or when a decision on one is refused or lapses (docs/adr/0101).',
    '',
    'A case whose ban waits for a notice that reached nobody is `open` with the flag `notice-undelivered`, and `held` again when the',
    'notice has arrived (docs/adr/0111).',
    '',
    ...chapter('Appeal', APPEAL_STATES, APPEAL_TRANSITIONS),
    '`late` is a mark beside the state: it was not decided in time, and its measure was suspended (docs/adr/0087). `reopen`: a senior',
    'takes up facts that were told after the decision (docs/adr/0108).',
    '',
    ...chapter('Policy', POLICY_STATES, POLICY_TRANSITIONS),
    '## Directive',
    '',
    'Not a table: a function of the set of receipts and answers (`apps/enforcement/ledger/directives/directive-state.rules.ts`).',
    '`done` beats everything, then `withdrawn` (another directive undid it), then `paused` (a stopping receipt without an answer),',
    'then `acknowledged`, then `issued`. `overdue` is a mark beside the state.',
    '',
  ].join('\n')
}

function chapter<S extends string>(
  title: string,
  states: readonly S[],
  transitions: Readonly<Record<S, Readonly<Record<string, string | undefined>>>>,
): string[] {
  const lines = states.map((state) => {
    const ways = Object.entries(transitions[state]).map(([action, to]) => `${action} → \`${to ?? ''}\``)
    return `- \`${state}\`: ${ways.length > 0 ? ways.join(', ') : 'the end'}`
  })
  return [`## ${title}`, '', ...lines, '']
}
