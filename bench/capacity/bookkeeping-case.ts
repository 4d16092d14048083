import type { BenchCase } from './bench-case.ts';
import { measureBookkeeping } from './bookkeeping.ts';
import { atMost } from './check.ts';

/** What the pump itself takes for a job, in processor time. */
export const bookkeeping: BenchCase = {
  name: 'bookkeeping',
  part: 'Speed and cost',
  about: 'booking itself: decode the rows, decide a batch of ten on a full pool, encode the rows; processor time',
  seeds: 1,
  isAlone: true,
  run: async () => {
    const figures = measureBookkeeping();
    return {
      checks: [atMost('µs per job', figures.microsecondsPerJob, 999, 'microseconds, not milliseconds: under 1,000')],
      summary: `${figures.microsecondsPerJob.toFixed(0)} µs per job on this machine`,
      figures,
    };
  },
};
