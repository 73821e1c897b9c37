import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/** Ends a run with one plain line that any script can read: `N passed, N failed`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    let passed = 0
    let failed = errors.length
    let skipped = 0
    for (const module of modules) {
      const before = failed
      for (const test of module.children.allTests()) {
        const state = test.result().state
        if (state === 'passed') passed += 1
        else if (state === 'skipped') skipped += 1
        else failed += 1
      }
      // A file that does not load, or whose set-up fails, fails without a test of its own that did.
      if (module.state() === 'failed' && failed === before) failed += 1
    }
    if (reason === 'interrupted') failed += 1
    const left =
      skipped === 0 ? '' : `${skipped} skipped: the long forms, and what needs a tool that is not here\n`
    process.on('exit', () => process.stdout.write(`\n${left}${passed} passed, ${failed} failed\n`))
  }
}
