import { encodeCursor } from '#libs/runtime/http/paging'

const PLATFORM = 'p1'

/** Where half of half a year ends: `encodeCursor` of an instant and any id. */
const deep = `cursor=${encodeCursor([new Date(Date.now() - 90 * 86_400_000).toISOString(), 'm'])}`

/** Each list of enforcement, by each filter and with some together; `account` exists and has the case. */
export function listRequests(account: string, caseId: string): string[] {
  const byPlatform = `platform=${PLATFORM}`
  const lists: Record<string, readonly string[]> = {
    accounts: [
      '',
      deep,
      byPlatform,
      `${byPlatform}&${deep}`,
      'status=suspended',
      'status=warned',
      `${byPlatform}&status=suspended`,
      'minLevel=3',
      `${byPlatform}&minLevel=1`,
      'q=acc-1',
      `q=${account}`,
      'q=harbour',
      'q=%E5%9F%8E%E5%B8%82%E5%BF%AB%E8%AE%AF%20123',
      `${byPlatform}&q=acc-55`,
      'q=acc-77',
      'q=acc-777',
      'status=suspended&q=acc-1',
      'q=nobody-has-this',
    ],
    cases: [
      '',
      deep,
      byPlatform,
      'state=open',
      'state=open&sort=priority',
      `state=open&sort=priority&${byPlatform}`,
      'sort=priority',
      'state=open&sort=priority&category=fraud',
      'category=violence',
      'assignee=mia',
      'state=claimed&assignee=mia',
      `account=${account}`,
      'q=acc-19',
      'q=nobody-has-this',
    ],
    decisions: [
      '',
      deep,
      byPlatform,
      'state=held',
      'state=in_force',
      `state=held&${byPlatform}`,
      `account=${account}`,
    ],
    directives: [
      '',
      deep,
      byPlatform,
      'state=issued',
      'state=done',
      'overdue=true',
      `${byPlatform}&state=overdue`,
      `${byPlatform}&state=issued`,
      `account=${account}`,
    ],
    'statements-of-reasons': ['', deep, byPlatform, `account=${account}`, `${byPlatform}&account=${account}`],
    appeals: [
      '',
      deep,
      byPlatform,
      'state=open',
      'late=true',
      `state=open&${byPlatform}`,
      `account=${account}`,
    ],
    audit: [
      '',
      deep,
      byPlatform,
      'actor=system',
      'actor=admin-1',
      `subject=account/${PLATFORM}/${account}`,
      `subject=account/${PLATFORM}/${account}&actor=system`,
    ],
    queues: [''],
    [`accounts/${PLATFORM}/${account}`]: [''],
    [`accounts/${PLATFORM}/${account}/timeline`]: [''],
    [`accounts/${PLATFORM}/${account}/related`]: [''],
    [`cases/${caseId}/copies`]: ['', deep],
  }
  return Object.entries(lists).flatMap(([list, filters]) =>
    filters.map((filter) => `/v1/${list}${filter === '' ? '' : `?${filter}`}`),
  )
}
