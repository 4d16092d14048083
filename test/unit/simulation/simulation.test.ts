import { describe, expect, test } from 'vitest';
import { runSeed, type SeedResult } from '../../../tools/simulate/run-seed.ts';
import { type FaultName, faultNames } from '../../../tools/simulate/trace.ts';

const seedsPerTest = 50;

/** Runs seeds until one breaks a promise; the message of a failure is how to replay it. */
async function runSeeds(first: number): Promise<{ results: SeedResult[]; broken: string | null }> {
  const results: SeedResult[] = [];
  for (let seed = first; seed < first + seedsPerTest; seed += 1) {
    const result = await runSeed(seed);
    results.push(result);
    const { violation } = result;
    if (violation !== null) {
      return {
        results,
        broken: `npm run simulate -- --seed ${seed} --runs 1 --trace: step ${violation.step}, ${violation.what}`,
      };
    }
  }
  return { results, broken: null };
}

describe('a simulated cluster', () => {
  const seen = new Map<FaultName, number>();

  test.each([1, 51, 101, 151])('keeps every promise over fifty seeds from %i', { timeout: 600_000 }, async (first) => {
    const { results, broken } = await runSeeds(first);
    // The runner cuts long values short in its own message.
    expect(broken, broken ?? '').toBeNull();
    for (const { injected } of results) {
      for (const [fault, times] of injected) seen.set(fault, (seen.get(fault) ?? 0) + times);
    }
    const accepted = results.reduce((sum, { jobsAccepted }) => sum + jobsAccepted, 0);
    expect(accepted).toBeGreaterThan(500);
    expect(results.reduce((sum, { jobsEnded, jobsWipedOut }) => sum + jobsEnded + jobsWipedOut, 0)).toBe(accepted);
  });

  test('meets every kind of fault in these seeds', () => {
    expect(faultNames.filter((name) => (seen.get(name) ?? 0) === 0)).toEqual([]);
  });

  test('has the same history for the same seed, step by step, and another one for another seed', async () => {
    const lines: string[][] = [[], []];
    const first = await runSeed(7, (line) => lines[0]?.push(line));
    const again = await runSeed(7, (line) => lines[1]?.push(line));
    const other = await runSeed(8);
    expect(first.steps).toBeGreaterThan(100);
    expect(lines[1]).toEqual(lines[0]);
    expect(again).toEqual(first);
    expect(other.digest).not.toBe(first.digest);
  });
});
