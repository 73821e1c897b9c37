import { writeInstant } from '#libs/contracts/write-instant'
import type { StatementOfReasons } from '../ledger/statements/statement.js'
import type { AppealState } from './appeal-transitions.js'
import { html, Html } from './html.rules.js'
import type { PageLanguage } from './page-language.rules.js'
import { PAGE_WORDS, type PageWords } from './page-words.js'
import type { Evidence } from './read-evidence.js'

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

/** The page of one statement: what was decided and why, on which messages, and the form to object. */
export function appealPage(
  place: Place,
  given: {
    statement: StatementOfReasons
    evidence: readonly Evidence[]
    until: Date
    /** Why nobody can object, as a slug; null where the owner can. */
    hindrance: string | null
    token: string
    /** A secret of this view: what is sent with it is one appeal. */
    nonce: string
  },
): string {
  const { language } = place
  const words = PAGE_WORDS[language]
  const { statement, evidence, until, hindrance, token, nonce } = given
  const { ground } = statement
  const form = html`<p>${words.openUntil}: ${writeInstant(until, language)}</p>
    <form method="post" action="appeal?lang=${language}">
      <input type="hidden" name="token" value="${token}" />
      <input type="hidden" name="nonce" value="${nonce}" />
      <label for="text">${words.grounds}</label>
      <p id="hint">${words.hint}</p>
      <textarea id="text" name="text" rows="10" maxlength="10000" required aria-describedby="hint"></textarea>
      <button type="submit">${words.send}</button>
    </form>`
  return pageOf(
    place,
    words.appeal,
    html`<h1>${words.appeal}</h1>
      <dl>
        ${term(words.measure, words.kinds[statement.kind])} ${term(words.platform, statement.platformId)}
        ${term(words.account, statement.accountId)}
        ${ground.category ? term(words.category, ground.category) : null}
        ${ground.clause ? term(words.clause, clauseText(statement, language)) : null}
        ${term(words.issuedAt, writeInstant(statement.issuedAt, language))}
        ${statement.until ? term(words.until, writeInstant(statement.until, language)) : null}
      </dl>
      <p>${words.decided[statement.automatedDecision]}</p>
      <h2>${words.reasons}</h2>
      <blockquote>${statement.reasons[language]}</blockquote>
      <h2>${words.evidence}</h2>
      ${evidence.length > 0 ? evidence.map((one) => evidenceOf(one, language)) : html`<p>${words.noEvidence}</p>`}
      <h2>${words.object}</h2>
      <p>${statement.redress.information[language]}</p>
      ${hindrance === null ? form : html`<p>${problemText(words, hindrance)}</p>`}
      <p><a href="appeal/status?lang=${language}">${words.status}</a></p>`,
  )
}

/** What is answered to whoever objected: the code, this once. */
export function receivedPage(place: Place, receiptCode: string): string {
  const words = PAGE_WORDS[place.language]
  return pageOf(
    place,
    words.received,
    html`<h1>${words.received}</h1>
      <p>${words.keepCode}</p>
      <p><strong>${words.code}</strong></p>
      <p class="code">${receiptCode}</p>
      <p><a href="appeal/status?lang=${place.language}">${words.status}</a></p>`,
  )
}

/** An appeal as its page shows it. */
interface Followed {
  receiptCode: string
  state: AppealState
  takesFacts: boolean
  canWithdraw: boolean
}

/** The page on which an appeal is followed; without one, the form for its code. */
export function statusPage(place: Place, found: Followed | null): string {
  const { language } = place
  const words = PAGE_WORDS[language]
  const form = html`<form method="post" action="status?lang=${language}">
    <label for="code">${words.code}</label>
    <input id="code" name="receiptCode" maxlength="60" required autocomplete="off" spellcheck="false" />
    <button type="submit">${words.look}</button>
  </form>`
  return pageOf(
    place,
    words.status,
    html`<h1>${words.status}</h1>
      ${found ? stateOf(found, language) : form}`,
  )
}

/** What people see when something is wrong with what they asked for. */
export function problemPage(place: Place, slug: string): string {
  const words = PAGE_WORDS[place.language]
  return pageOf(
    place,
    words.problem,
    html`<h1>${words.problem}</h1>
      <p role="alert">${problemText(words, slug)}</p>`,
  )
}

function problemText(words: PageWords, slug: string): string {
  return Object.hasOwn(words.problems, slug) ? words.problems[slug]! : words.problems['not-found']!
}

function stateOf({ receiptCode, state, takesFacts, canWithdraw }: Followed, language: PageLanguage): Html {
  const words = PAGE_WORDS[language]
  const withdraw = html`<form method="post" action="status?lang=${language}">
    <input type="hidden" name="receiptCode" value="${receiptCode}" />
    <input type="hidden" name="withdraw" value="yes" />
    <button type="submit">${words.withdraw}</button>
  </form>`
  const facts = html`<form method="post" action="status?lang=${language}">
    <input type="hidden" name="receiptCode" value="${receiptCode}" />
    <label for="facts">${words.facts}</label>
    <p id="hint">${words.factsHint}</p>
    <textarea id="facts" name="facts" rows="6" maxlength="10000" required aria-describedby="hint"></textarea>
    <button type="submit">${words.sendFacts}</button>
  </form>`
  return html`<p role="status">${words.state}: <strong>${words.states[state]}</strong></p>
    ${canWithdraw ? withdraw : null} ${takesFacts ? facts : null}`
}

function term(name: string, value: string): Html {
  return html`<dt>${name}</dt>
    <dd><bdi>${value}</bdi></dd>`
}

function clauseText({ ground }: StatementOfReasons, language: PageLanguage): string {
  return [ground.clause, ground.title?.[language], ground.text?.[language]]
    .filter((part) => part !== undefined && part !== null && part !== '')
    .join(' – ')
}

function evidenceOf({ messageId, sentAt, text, links, isErased }: Evidence, language: PageLanguage): Html {
  const words = PAGE_WORDS[language]
  const when = writeInstant(new Date(sentAt), language)
  return html`<figure>
    <figcaption>${words.message} <bdi>${messageId}</bdi>, ${when}</figcaption>
    ${isErased ? html`<p>${words.erased}</p>` : html`<blockquote dir="auto">${text === null ? words.sealed : [text, ...links].join('\n')}</blockquote>`}
  </figure>`
}

function pageOf(place: Place, title: string, content: Html): string {
  return pageAround(place, PAGE_WORDS[place.language].otherLanguage, title, content)
}

/** A whole page around its content. `otherLanguage`: the name of the other one, in that one. */
export function pageAround(
  { language, elsewhere }: Place,
  otherLanguage: string,
  title: string,
  content: Html,
): string {
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
      <nav><a href="${elsewhere}" lang="${other}" hreflang="${other}">${otherLanguage}</a></nav>
      <main>${content}</main>
    </body>
  </html>`
  return `<!doctype html>\n${page.text}\n`
}
