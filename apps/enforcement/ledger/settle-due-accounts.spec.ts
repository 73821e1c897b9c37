import { expect, it } from 'vitest'
import { Clock } from '#libs/runtime/clock'
import type { AccountLedger, AccountRequest } from './account-ledger.js'
import type { AccountStore } from './account.store.js'
import { SettleDueAccounts } from './settle-due-accounts.js'

it('a hundred accounts that can never be settled keep none behind them from it', async () => {
  const due = Array.from({ length: 250 }, (_, i) => ({
    _id: `p1/a${i}`,
    platformId: 'p1',
    accountId: `a${i}`,
  }))
  const isBad = ({ accountId }: { accountId: string }): boolean => Number(accountId.slice(1)) < 100
  const store = {
    due: async (_now: Date, limit: number, except: string[] = []) =>
      due.filter(({ _id }) => !except.includes(_id)).slice(0, limit),
  }
  const ledger = {
    change: async (requests: readonly AccountRequest[]) => {
      if (requests.some(isBad)) throw new Error('unknown-platform')
      for (const { accountId } of requests) {
        const at = due.findIndex((one) => one.accountId === accountId)
        if (at >= 0) due.splice(at, 1)
      }
    },
  }
  const settling = new SettleDueAccounts(
    store as unknown as AccountStore,
    ledger as unknown as AccountLedger,
    new Clock(),
  )
  await expect(settling.settle()).rejects.toThrow('100 of what is due failed')
  expect(due.filter((one) => !isBad(one))).toEqual([])
})
