import { badRequest } from '#libs/runtime/http/problem'

/** What the owner of an account wrote, as it is kept. @throws Problem 400 for one that says nothing */
export function givenText(given: string): string {
  const text = given.toWellFormed().trim()
  if (text !== '') return text
  throw badRequest('invalid-request', 'A text is needed.', [{ path: '/text', reason: 'must not be blank' }])
}
