import { Many, Optional, Strings, Text } from './fields.js'
import { Message } from './message.js'
import { LONGEST_LINK } from './message-in.js'
import { MOST_REPAIRS, Repair } from './repair.js'

/** No record of 256 KiB holds more characters, and no list of that size more links. */
const [MOST_CHARACTERS, MOST_LINKS] = [262_144, 131_072]

/** A message on `weir.messages.v1`: its text and its links whole, so that they are judged whole, and what was repaired of it. */
export class AcceptedMessage extends Message {
  @Optional() @Text(MOST_CHARACTERS) declare text?: string
  @Optional() @Strings(MOST_LINKS, LONGEST_LINK) declare links?: string[]
  @Optional() @Many(() => Repair, MOST_REPAIRS) repairs?: Repair[]
}
