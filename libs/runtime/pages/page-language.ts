import Negotiator from 'negotiator'

/** The first is taken where nothing speaks for another. */
export const PAGE_LANGUAGES = ['en', 'zh'] as const
export type PageLanguage = (typeof PAGE_LANGUAGES)[number]

/** The language of a page: the one that is asked for, else the one of ours that the browser likes best, else English. */
export function pageLanguage(asked: unknown, acceptLanguage: string | undefined): PageLanguage {
  return (typeof asked === 'string' && likedOf(asked)) || likedOf(acceptLanguage) || PAGE_LANGUAGES[0]
}

/** RFC 9110, section 12.5.4. */
function likedOf(acceptLanguage: string | undefined): PageLanguage | undefined {
  const headers = acceptLanguage === undefined ? {} : { 'accept-language': acceptLanguage }
  return new Negotiator({ headers }).language([...PAGE_LANGUAGES]) as PageLanguage | undefined
}
