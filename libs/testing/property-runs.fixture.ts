/** Whether the long forms of tests are asked for: `LONG=1`. */
export const LONG = process.env['LONG'] === '1'

/** How many cases a property is tried on: `usual` ones in every run of the tests, `long` ones under `LONG=1`. */
export function propertyRuns(usual = 2_000, long = 10_000): number {
  return LONG ? long : usual
}
