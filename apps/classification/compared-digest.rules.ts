import { hash } from 'node:crypto'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import type { Signal } from '#libs/contracts/verdict'
import { findLinks, type Link, readLink } from './detectors/links.js'
import { normalise } from '#libs/text/normalise'

/**
 * The digest of what a judgement rests on, as detectors compare it: the words of the whole text, whatever their case, width and
 * disguise, and where its links lead, whether they stand in it or beside it. Media count where one of `signals` is about them, or
 * nothing else is there. Undefined where there is nothing to compare. 43 characters, URL-safe base64 of a SHA-256.
 */
export function comparedDigest(
  { text = '', links = [], media = [] }: Pick<AcceptedMessage, 'text' | 'links' | 'media'>,
  signals: readonly Pick<Signal, 'detector'>[],
): string | undefined {
  const words = normalise(text).text
  const places = [...findLinks(text).map(placeOf), ...links.map(leadsTo)]
  const isOfMedia =
    (words === '' && places.length === 0) || signals.some(({ detector }) => detector === 'media')
  const hashes = isOfMedia ? media.flatMap(({ sha256 }) => sha256?.toLowerCase() ?? []) : []
  if (words === '' && places.length === 0 && hashes.length === 0) return undefined
  return hash('sha256', JSON.stringify([words, sortedSet(places), sortedSet(hashes)]), 'base64url')
}

/** One in which no host is found is told by how it is written. */
function leadsTo(url: string): string {
  const link = readLink(url)
  return link ? placeOf(link) : url
}

function placeOf({ host, rest, credentials }: Link): string {
  return `${credentials ? '@' : ''}${host}${rest}`
}

function sortedSet(items: readonly string[]): string[] {
  return [...new Set(items)].sort()
}
