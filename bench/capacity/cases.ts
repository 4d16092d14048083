import type { BenchCase } from './bench-case.ts';
import { bookkeeping } from './bookkeeping-case.ts';
import { door } from './door/door-cases.ts';
import { bigJobs } from './scenarios/big-jobs.ts';
import { clocks, damagedRows } from './scenarios/clocks.ts';
import { disturbances } from './scenarios/disturbances.ts';
import { lanesTogether } from './scenarios/lanes.ts';
import { limitChanges } from './scenarios/limits.ts';
import { saturation } from './scenarios/saturation.ts';
import { scale } from './scenarios/scale.ts';
import { teamLimits, teams } from './scenarios/teams.ts';
import { tinyJobs } from './scenarios/tiny-jobs.ts';

/** Every case of the bench, in the order in which it prints them. */
export const cases: readonly BenchCase[] = [
  ...saturation,
  ...lanesTogether,
  bookkeeping,
  ...tinyJobs,
  ...teams,
  ...teamLimits,
  ...disturbances,
  ...bigJobs,
  ...limitChanges,
  ...clocks,
  ...damagedRows,
  ...door,
  ...scale,
];
