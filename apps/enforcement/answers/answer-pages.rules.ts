import { writeInstant } from '#libs/contracts/write-instant'
import { html } from '#libs/runtime/pages/html'
import { citedClause, type Place, problemPage, publicPage, term } from '#libs/runtime/pages/public-page'
import { ANSWER_WORDS } from './answer-words.js'
import type { IntendedBan } from './intended-ban.js'

/** The page of one intended ban: what is intended and why, until when nothing begins, and the form to answer. */
export function answerPage(place: Place, intended: IntendedBan, token: string): string {
  const { language } = place
  const words = ANSWER_WORDS[language]
  const { clause, clauseTitle, clauseText, category, until } = intended
  const cited = citedClause({ clause, title: clauseTitle, text: clauseText }, language)
  const form = html`<form method="post" action="answer?lang=${language}">
    <input type="hidden" name="token" value="${token}" />
    <label for="text">${words.answer}</label>
    <p id="hint">${words.hint}</p>
    <textarea id="text" name="text" rows="10" maxlength="10000" required aria-describedby="hint"></textarea>
    <button type="submit">${words.send}</button>
  </form>`
  return publicPage(
    place,
    words.title,
    html`<h1>${words.title}</h1>
      <p>${words.intro}</p>
      <dl>
        ${term(words.measure, words.measures[intended.measure] ?? intended.measure)}
        ${term(words.platform, intended.platformId)} ${term(words.account, intended.accountId)}
        ${category ? term(words.category, category) : null} ${cited ? term(words.clause, cited) : null}
        ${term(words.decidedAt, writeInstant(intended.decidedAt, language))}
        ${until ? term(words.until, writeInstant(until, language)) : null}
      </dl>
      ${until ? null : html`<p>${words.hours(intended.hours)}</p>`}
      <h2>${words.reasons}</h2>
      <blockquote>${intended.reasons[language]}</blockquote>
      <h2>${words.answer}</h2>
      ${intended.isOpen ? form : html`<p role="status">${words.answered}</p>`}`,
  )
}

/** What is answered to whoever answered. */
export function answeredPage(place: Place): string {
  const words = ANSWER_WORDS[place.language]
  return publicPage(
    place,
    words.received,
    html`<h1>${words.received}</h1>
      <p role="status">${words.kept}</p>`,
  )
}

/** What people see when something is wrong with what they asked for. */
export function answerProblemPage(place: Place, slug: string): string {
  return problemPage(place, ANSWER_WORDS[place.language], slug)
}
