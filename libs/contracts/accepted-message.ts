import { Many, Optional, Strings, Text } from './fields.js'
import { Message } from './message.js'
import { LONGEST_LINK } from './message-in.js'
import { MAX_REPAIRS, Repair } from './repair.js'

/** No record of 256 KiB holds more characters, and no list of that size more links. */
const [MAX_CHARACTERS, MAX_LINKS] = [262_144, 131_072]

/** A message on `weir.messages.v1`: its text and its links whole, so that they are judged whole, and what was repaired of it. */
export class AcceptedMessage extends Message {
  @Optional() @Text(MAX_CHARACTERS) declare text?: string
  @Optional() @Strings(MAX_LINKS, LONGEST_LINK) declare links?: string[]
  @Optional() @Many(() => Repair, MAX_REPAIRS) repairs?: Repair[]
}
