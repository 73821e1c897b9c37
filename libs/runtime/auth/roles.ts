/** What a token may say its bearer is (SPEC section 5). */
export const ROLES = [
  'triage',
  'moderator',
  'senior',
  'campaign_lead',
  'policy_editor',
  'hotline',
  'auditor',
  'admin',
  'platform',
  'authority',
] as const
export type Role = (typeof ROLES)[number]

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && (ROLES as readonly string[]).includes(value)
}
