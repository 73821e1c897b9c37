import { writeInstant } from '#libs/contracts/write-instant'
import { html, type Html } from '#libs/runtime/pages/html'
import type { PageLanguage } from '#libs/runtime/pages/page-language'
import {
  citedClause,
  type Place,
  problemPage,
  problemText,
  publicPage,
  term,
} from '#libs/runtime/pages/public-page'
import type { StatementOfReasons } from '../ledger/statements/statement.js'
import type { AppealState } from './appeal-transitions.js'
import { PAGE_WORDS } from './page-words.js'
import type { Evidence } from './read-evidence.js'

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
  return publicPage(
    place,
    words.appeal,
    html`<h1>${words.appeal}</h1>
      <dl>
        ${term(words.measure, words.kinds[statement.kind])} ${term(words.platform, statement.platformId)}
        ${term(words.account, statement.accountId)}
        ${ground.category ? term(words.category, ground.category) : null}
        ${ground.clause ? term(words.clause, citedClause(ground, language)) : null}
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
  return publicPage(
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
  return publicPage(
    place,
    words.status,
    html`<h1>${words.status}</h1>
      ${found ? stateOf(found, language) : form}`,
  )
}

/** What people see when something is wrong with what they asked for. */
export function appealProblemPage(place: Place, slug: string): string {
  return problemPage(place, PAGE_WORDS[place.language], slug)
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

function evidenceOf({ messageId, sentAt, text, links, isErased }: Evidence, language: PageLanguage): Html {
  const words = PAGE_WORDS[language]
  const when = writeInstant(new Date(sentAt), language)
  return html`<figure>
    <figcaption>${words.message} <bdi>${messageId}</bdi>, ${when}</figcaption>
    ${isErased ? html`<p>${words.erased}</p>` : html`<blockquote dir="auto">${text === null ? words.sealed : [text, ...links].join('\n')}</blockquote>`}
  </figure>`
}
