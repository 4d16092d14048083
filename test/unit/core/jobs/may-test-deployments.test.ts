import { expect, test } from 'vitest';
import { mayTestDeployments } from '../../../../src/core/jobs/may-test-deployments.ts';
import { openLiveJob } from '../../../../src/core/jobs/move-live-job.ts';
import { makeSampleJob } from '../../../support/sample-jobs.ts';

const fresh = openLiveJob(makeSampleJob('search'));
const attempt = (number: number, startedAtMs: number) => ({
  number,
  deployment: 'eastus',
  region: 'eastus',
  statusCode: 503,
  startedAtMs,
  latencyMs: 100,
  outcome: 'failed' as const,
  reason: 'http_503',
});

test('a job tests deployments in its first round, three times at most', () => {
  expect(mayTestDeployments(fresh, 0)).toBe(true);
  expect(mayTestDeployments({ ...fresh, attempts: [attempt(1, 0), attempt(2, 200)] }, 400)).toBe(true);
  const three = { ...fresh, attempts: [attempt(1, 0), attempt(2, 200), attempt(3, 400)] };
  expect(mayTestDeployments(three, 600)).toBe(false);
});

test.each([
  [1, 60_000],
  [2, 120_000],
  [4, 480_000],
  [9, 600_000],
])('after %i rounds it rests %i ms from its last call', (rounds, restMs) => {
  const live = { ...fresh, rounds, attempts: [attempt(1, 1000)] };
  expect(mayTestDeployments(live, 1100 + restMs - 1)).toBe(false);
  expect(mayTestDeployments(live, 1100 + restMs)).toBe(true);
});
