import type { AccountIn } from '#libs/contracts/message-in'
import { type Language, LANGUAGES } from './labelled-text.js'

export const PLATFORMS = [
  { id: 'harbour', name: 'Harbour', contacts: ['trust@harbour.example', 'duty@harbour.example'] },
  { id: 'lantern', name: 'Lantern', contacts: ['safety@lantern.example'] },
] as const

/** A public account that posts in one language. */
export interface PlannedAccount {
  readonly platformId: string
  readonly accountId: string
  readonly language: Language
  readonly profile: AccountIn
  /** It posts harmful messages among ordinary ones. */
  readonly offends: boolean
}

const PER_PLATFORM_AND_LANGUAGE = 100
const OFFENDERS = 15
/** Every eighth account, so that suspensions of large accounts wait for a second person. */
const LARGE_EVERY = 8
const KINDS = ['individual', 'organisation', 'company', 'media'] as const
const NAMES: Record<Language, readonly string[]> = {
  en: ['City Notes', 'Daily Finds', 'Green Corner', 'Market Street', 'Night Owl'],
  zh: ['城市札记', '每日好物', '街角小店', '夜读', '山里人家'],
}

/** 400 accounts on the two platforms, half of them in each language; `suffix` makes the platforms' ids unique. */
export function planAccounts(suffix: string): PlannedAccount[] {
  return PLATFORMS.flatMap(({ id }) =>
    LANGUAGES.flatMap((language) =>
      Array.from({ length: PER_PLATFORM_AND_LANGUAGE }, (_, i) => ({
        platformId: id + suffix,
        accountId: `${language}-${String(i + 1).padStart(3, '0')}`,
        language,
        offends: i < OFFENDERS,
        profile: {
          displayName: `${NAMES[language][i % NAMES[language].length]} ${i + 1}`,
          kind: KINDS[i % KINDS.length]!,
          followers: i % LARGE_EVERY === LARGE_EVERY - 1 ? 250_000 + 1_000 * i : 300 + 97 * i,
          verified: false,
        },
      })),
    ),
  )
}
