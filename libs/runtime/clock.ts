import { Injectable } from '@nestjs/common'

/** The one source of "now". With `TEST_CLOCK=1` it can be set; it then runs on from there. */
@Injectable()
export class Clock {
  private offsetMs = 0

  now(): Date {
    return new Date(Date.now() + this.offsetMs)
  }

  /** From now on it is `instant` (and running). */
  set(instant: Date): void {
    this.offsetMs = instant.getTime() - Date.now()
  }
}
