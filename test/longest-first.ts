import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes minutes, by its name: begun last, it would be waited for alone. */
const LONGEST = [
  'openapi',
  'replay',
  'access-rights',
  'chaos',
  'due-process',
  'starts',
  'enforcement',
  'outage',
]

/** Runs what takes longest first, so that all workers end at about the same time; a fresh checkout remembers no durations. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => placeOf(a) - placeOf(b))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex(
    (name) => moduleId.endsWith(`/${name}.e2e.spec.ts`) || moduleId.endsWith(`/${name}.int.spec.ts`),
  )
  return place < 0 ? LONGEST.length : place
}
