export const PAGE_LANGUAGES = ['zh', 'en'] as const
export type PageLanguage = (typeof PAGE_LANGUAGES)[number]

/** The language of a page: the one that is asked for, else the one of ours that the browser likes best, else English. */
export function pageLanguage(asked: unknown, acceptLanguage: string | undefined): PageLanguage {
  const wanted = spoken(asked)
  if (wanted) return wanted
  const liked = (acceptLanguage ?? '')
    .slice(0, 1_000)
    .split(',')
    .map((range, order) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
      const quality = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
      return { language: spoken(tag), quality: quality === undefined ? 1 : Number(quality), order }
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0)
    .sort((a, b) => b.quality - a.quality || a.order - b.order)
  return liked[0]?.language ?? 'en'
}

function spoken(tag: unknown): PageLanguage | undefined {
  if (typeof tag !== 'string') return undefined
  const primary = tag.toLowerCase().split(/[-_]/)[0]
  return PAGE_LANGUAGES.find((language) => language === primary)
}
