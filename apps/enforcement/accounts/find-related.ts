import { Injectable } from '@nestjs/common'
import { accountKey } from '#libs/contracts/ids'
import { type Page, page } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { type AccountDocument, AccountStore } from '../ledger/account.store.js'
import type { RelatedView } from './related-view.js'
import { closestFirst, ENTRIES_OF_KEY, keysToShare, type Related, relatedAccounts } from './related.rules.js'

/** Of the account itself as many of its newest entries are looked at. */
const ENTRIES_OF_ACCOUNT = 60
const MAX_OF_OWNER = 100

/** Finds accounts that share links, media, texts or the owner with one. The work is the same whatever they share. */
@Injectable()
export class FindRelated {
  constructor(
    private readonly accounts: AccountStore,
    private readonly entries: CaseEntryStore,
  ) {}

  /** The closest first; `after` is score and key of the last one seen. @throws Problem 404 */
  async of(
    platformId: string,
    accountId: string,
    limit: number,
    after: [number, string] | undefined,
  ): Promise<Page<RelatedView>> {
    const account = await this.accounts.byKey(accountKey(platformId, accountId))
    if (!account) throw notFound('This account was never flagged.')
    const own = await this.entries.keysOfAccount(platformId, accountId, ENTRIES_OF_ACCOUNT)
    const keys = keysToShare(own)
    const { ownerRef = null } = account.profile ?? {}
    const [sharing, sameOwner] = await Promise.all([
      keys.length === 0 ? [] : this.entries.sharing(keys, ENTRIES_OF_KEY),
      ownerRef === null ? [] : this.accounts.ofOwner(platformId, ownerRef, MAX_OF_OWNER),
    ])
    const all = relatedAccounts(account, own, sharing, sameOwner)
    const left = after ? all.filter((one) => comesAfter(one, after)) : all
    return this.shown(page(left.slice(0, limit + 1), limit, (one) => [one.score, keyOf(one)]))
  }

  private async shown({ items, nextCursor }: Page<Related>): Promise<Page<RelatedView>> {
    const found = await this.accounts.byKeys(items.map(keyOf))
    const byKey = new Map(found.map((account) => [account._id, account]))
    return { items: items.map((one) => ({ ...one, ...standingOf(byKey.get(keyOf(one))) })), nextCursor }
  }
}

function keyOf({ platformId, accountId }: Pick<Related, 'platformId' | 'accountId'>): string {
  return accountKey(platformId, accountId)
}

function comesAfter(one: Related, [score, key]: [number, string]): boolean {
  const [platformId = '', ...rest] = key.split('/')
  return closestFirst({ score, platformId, accountId: rest.join('/') }, one) < 0
}

/** An entry is kept before its account is: then nothing is known of that yet. */
function standingOf(account: AccountDocument | undefined) {
  return {
    status: account?.status ?? 'active',
    level: account?.level ?? 0,
    displayName: account?.profile?.displayName ?? null,
    openCaseId: account?.openCase?.caseId ?? null,
  }
}
