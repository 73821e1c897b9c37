import { clearLine, cursorTo } from 'node:readline'

const WIDTH = 40
/** Without a terminal a line is printed at each of these shares. */
const STEPS = 10

/** Shows how far something is: a bar on a terminal, a few plain lines elsewhere. */
export class ProgressBar {
  private shown = -1

  constructor(
    private readonly title: string,
    private readonly total: number,
    private readonly stream: NodeJS.WriteStream = process.stdout,
  ) {}

  update(count: number, note = ''): void {
    const share = this.total === 0 ? 1 : count / this.total
    if (this.stream.isTTY) {
      const full = Math.round(share * WIDTH)
      const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full)
      const line = `${this.title} ${bar} ${count}/${this.total} ${note}`
      cursorTo(this.stream, 0)
      this.stream.write(line.slice(0, (this.stream.columns ?? 80) - 1))
      clearLine(this.stream, 1)
      return
    }
    const step = Math.floor(share * STEPS)
    if (step === this.shown) return
    this.shown = step
    this.stream.write(`${this.title} ${count}/${this.total}\n`)
  }

  /** Leaves the line; what is printed next starts a new one. */
  end(): void {
    if (this.stream.isTTY) this.stream.write('\n')
  }
}
