/**
 * The rooms of enforcement, lower floors first: a room imports only from the rooms named beside it, all of which stand before
 * it here, and from `config.ts`. Made into import rules by eslint.config.js and held against the tree by test/walls.spec.ts.
 */
export const ROOMS = {
  store: [],
  audit: ['store'],
  outbox: ['audit', 'store'],
  timers: ['outbox'],
  banks: ['outbox', 'store'],
  policies: ['banks', 'outbox', 'store'],
  platforms: ['outbox', 'store'],
  exposure: [],
  ledger: ['policies', 'platforms', 'outbox', 'timers', 'store'],
  casework: ['ledger', 'exposure', 'policies', 'audit', 'outbox', 'timers', 'store'],
  duties: ['ledger', 'platforms', 'audit', 'outbox', 'timers', 'store'],
  statements: ['ledger', 'policies', 'audit', 'store'],
  intake: ['casework', 'ledger', 'platforms', 'policies', 'timers'],
  appeals: ['casework', 'ledger', 'policies', 'audit', 'outbox', 'timers', 'store'],
  answers: ['appeals', 'casework', 'ledger', 'policies', 'audit', 'outbox', 'store'],
  quality: ['appeals', 'casework', 'exposure', 'ledger', 'policies', 'audit', 'outbox', 'store'],
  accounts: ['appeals', 'casework', 'ledger', 'policies', 'audit', 'store'],
  retention: ['ledger', 'casework', 'appeals', 'policies', 'audit', 'outbox', 'store'],
}
