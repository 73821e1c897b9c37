import { OneOf, Text } from './fields.js'

/** What was done to a part of a message that was wrong and that the judgement does not rest on (docs/adr/0128). */
export const REPAIRS = ['cut', 'dropped', 'rewritten'] as const

/** Repairs that are named of one message; more are made. */
export const MAX_REPAIRS = 50

/** One part of a message that is not as the platform sent it. Names the place, never what stood there. */
export class Repair {
  /** A JSON Pointer into the message as it was sent. */
  @Text(100, 1) path!: string
  @OneOf(REPAIRS) what!: (typeof REPAIRS)[number]
}

/** The field of a repair without the places in lists: `links`, `media.sha256`. */
export function fieldOfRepair({ path }: Repair): string {
  return path
    .split('/')
    .filter((step) => step !== '' && !/^\d+$/.test(step))
    .join('.')
}
