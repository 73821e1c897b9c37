import { html, Html } from './html.js'
import type { PageLanguage } from './page-language.js'

/** The only style there is; the Content-Security-Policy names its digest. Contrast of all text is above 7:1. */
export const PAGE_STYLE = `
body { font: 1.0625rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1rem; color: #1a1a1a; background: #fff }
dt { font-weight: 600 } dd { margin: 0 0 .5rem }
blockquote, .code { margin: .5rem 0; padding: .75rem; border: 1px solid #767676; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate }
label { display: block; font-weight: 600; margin-top: 1rem }
textarea, input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #595959 }
button { font: inherit; margin-top: 1rem; padding: .5rem 1.25rem; color: #fff; background: #0b4a8f; border: 2px solid #0b4a8f }
a { color: #0b4a8f } :focus-visible { outline: 3px solid #b35900; outline-offset: 2px }
`

/** Where the page of a link stands, as its forms and links need it; all addresses are relative to it. */
export interface Place {
  language: PageLanguage
  /** The same page in the other language, as a query string. */
  elsewhere: string
}

/** The name of the other language, in that one. */
const OTHER_LANGUAGE: Readonly<Record<PageLanguage, string>> = { zh: 'English', en: '中文' }

/** A whole page around its content. */
export function publicPage({ language, elsewhere }: Place, title: string, content: Html): string {
  const other = language === 'zh' ? 'en' : 'zh'
  const page = html`<html lang="${language}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>${title} – Weir</title>
      ${new Html(`<style>${PAGE_STYLE}</style>`)}
    </head>
    <body>
      <nav><a href="${elsewhere}" lang="${other}" hreflang="${other}">${OTHER_LANGUAGE[language]}</a></nav>
      <main>${content}</main>
    </body>
  </html>`
  return `<!doctype html>\n${page.text}\n`
}

/** The words for what can be wrong: `problem` above it, and a sentence by slug. */
export interface ProblemWords {
  problem: string
  problems: Readonly<Record<string, string>>
}

/** What people see when something is wrong with what they asked for. */
export function problemPage(place: Place, words: ProblemWords, slug: string): string {
  return publicPage(
    place,
    words.problem,
    html`<h1>${words.problem}</h1>
      <p role="alert">${problemText(words, slug)}</p>`,
  )
}

/** The sentence of a slug; that nothing was found for one that has none. */
export function problemText({ problems }: ProblemWords, slug: string): string {
  return Object.hasOwn(problems, slug) ? problems[slug]! : problems['not-found']!
}

/** A term and what it is, of a `<dl>`. */
export function term(name: string, value: string): Html {
  return html`<dt>${name}</dt>
    <dd><bdi>${value}</bdi></dd>`
}

interface Cited {
  clause: string | null
  title?: Readonly<Record<PageLanguage, string>> | null | undefined
  text?: Readonly<Record<PageLanguage, string>> | null | undefined
}

/** The name of a clause with its title and text, as far as it has them. */
export function citedClause({ clause, title, text }: Cited, language: PageLanguage): string {
  return [clause, title?.[language], text?.[language]].filter((part) => !!part).join(' – ')
}
