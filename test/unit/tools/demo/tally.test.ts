import { describe, expect, it } from 'vitest';
import { percentile } from '../../../../tools/demo/percentile.ts';
import { tallyLanes, tallyRegions, tallyTeams } from '../../../../tools/demo/tally.ts';
import { makeAttempt, makeRecord } from './records.ts';

describe('percentile', () => {
  it.each([
    [[7], 50, 7],
    [[7], 95, 7],
    [[4, 1, 3, 2], 50, 2],
    [Array.from({ length: 20 }, (_, index) => index + 1), 95, 19],
    [Array.from({ length: 21 }, (_, index) => index + 1), 95, 20],
  ])('is the nearest rank of %j at %d', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it('is null of nothing', () => {
    expect(percentile([], 50)).toBeNull();
  });
});

const throttled = makeAttempt({ region: 'westeurope', status_code: 429, outcome: 'throttled' });
const second = makeAttempt({ number: 2, started_at: 1_790_000_003 });

describe('tallies', () => {
  it('count a 429 in the region that gave it and the job in the region that answered', () => {
    const regions = tallyRegions([makeRecord('a', { attempts: [throttled, second] }), makeRecord('b')]);
    expect(regions.map(({ label, jobs, throttled: count }) => [label, jobs, count])).toEqual([
      ['eastus', 2, 0],
      ['westeurope', 0, 1],
    ]);
  });

  it('count the wait to the first call, not to the one that succeeded', () => {
    const { all } = tallyTeams([makeRecord('a', { attempts: [throttled, second] })]);
    expect(all.wait).toEqual({ p50Ms: 1000, p95Ms: 1000 });
    expect(all.total.p50Ms).toBe(2000);
  });

  it('call everything failed that did not succeed: failed, lost, refused or still open', () => {
    const { all } = tallyTeams([
      makeRecord('a'),
      makeRecord('b', { status: 'failed' }),
      makeRecord('c', { status: 'running' }),
      makeRecord('d', {}, { id: null, reading: null, refusal: '403 model_not_allowed' }),
    ]);
    expect([all.jobs, all.succeeded, all.failed]).toEqual([4, 1, 3]);
  });

  it('leave out times that nobody can tell', () => {
    const { all } = tallyTeams([makeRecord('a', { attempts: [] }, { acceptedAtMs: null, endedAtMs: null })]);
    expect([all.wait.p50Ms, all.total.p95Ms]).toEqual([null, null]);
  });

  it('add money as whole millionths', () => {
    const records = Array.from({ length: 10 }, (_, index) => makeRecord(`${index}`, { cost: { usd: '1.100003' } }));
    expect(tallyLanes(records)[0]?.costMicroUsd).toBe(11_000_030);
  });

  it('keep jobs that reached no region under none', () => {
    expect(tallyRegions([makeRecord('a', { attempts: [] })]).map((one) => one.label)).toEqual(['none']);
  });
});
