import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJobId, makeJobId } from '../../../../src/core/jobs/job-id.ts';
import type { Billed, LiveJob } from '../../../../src/core/jobs/live-job.ts';
import {
  claimLiveJob,
  lostAttempt,
  openLiveJob,
  parkLiveJob,
  recordAttempt,
  rescueLiveJob,
} from '../../../../src/core/jobs/move-live-job.ts';
import { appendTrail, type TrailEvent, trailLimit } from '../../../../src/core/jobs/trail.ts';
import { makeSampleJob } from '../../../support/sample-jobs.ts';

const job = makeSampleJob('search');
const usage = { inputTokens: 10, cachedInputTokens: 2, outputTokens: 5, reasoningTokens: 1 };
const cost = (nanoUsd: number, measured = true, priceId: string | null = 'price-1'): Billed => ({
  usage,
  cost: { nanoUsd, priceId, measured },
});

function claim(live: LiveJob, atMs: number): LiveJob {
  return claimLiveJob(live, {
    lease: { holder: 'here', untilMs: atMs + 1000 },
    intent: { deployment: 'eastus', region: 'eastus', startedAtMs: atMs, usage, costNanoUsd: 70, priceId: 'price-1' },
    ticket: { start: 1, finish: 2 },
    why: 'first',
  });
}

describe('a live job', () => {
  test('opens queued and due at once', () => {
    expect(openLiveJob(job)).toMatchObject({ state: 'queued', attempt: 0, dueAtMs: job.createdAtMs, lease: null });
  });

  test('is claimed under the next attempt with lease and intent', () => {
    const live = claim({ ...openLiveJob(job), resends: 3 }, 500);
    expect(live).toMatchObject({
      state: 'running',
      attempt: 1,
      resends: 0,
      lease: { holder: 'here' },
      intent: { costNanoUsd: 70 },
    });
    // Nothing was sent under it: numbers count calls.
    expect(claim(live, 600).attempt).toBe(1);
    expect(claim(recordAttempt(live, lostAttempt(live, live.intent!, 550), live.billed), 600).attempt).toBe(2);
  });

  test('parks out of hands with its place in line; only a round that is over counts as one', () => {
    const live = claim(openLiveJob(job), 500);
    const park = { atMs: 600, dueAtMs: 900, ticket: live.ticket, reason: 'tpm' };
    expect(parkLiveJob(live, { ...park, isRoundOver: false })).toMatchObject({
      state: 'queued',
      lease: null,
      intent: null,
      dueAtMs: 900,
      ticket: { start: 1, finish: 2 },
      rounds: 0,
      attempt: 1,
    });
    expect(parkLiveJob(live, { ...park, isRoundOver: true }).rounds).toBe(1);
  });

  test('is rescued due at once, with the lost attempt on record as unknown', () => {
    const live = claim(openLiveJob(job), 500);
    if (live.intent === null) throw new Error('no intent');
    const lost = lostAttempt(live, live.intent, 2000);
    expect(lost).toMatchObject({ number: 1, outcome: 'unknown', latencyMs: 1500, statusCode: null });
    const rescued = rescueLiveJob(live, lost, cost(70, false), 2000);
    expect(rescued).toMatchObject({ state: 'queued', lease: null, intent: null, dueAtMs: 2000, rescues: 1 });
    expect(rescued.billed.cost).toEqual({ nanoUsd: 70, priceId: 'price-1', measured: false });
    expect(rescued.ticket).toEqual(live.ticket);
  });

  test('a lost attempt never lasts less than nothing, even if clocks differ', () => {
    const live = claim(openLiveJob(job), 5000);
    if (live.intent === null) throw new Error('no intent');
    expect(lostAttempt(live, live.intent, 1000).latencyMs).toBe(0);
  });

  test('bills the sum of its attempts; one estimate makes the sum an estimate', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000_000), fc.boolean()), { maxLength: 12 }), (costs) => {
        const attempt = {
          number: 1,
          deployment: 'a',
          region: 'a',
          statusCode: 200,
          startedAtMs: 0,
          latencyMs: 1,
          outcome: 'succeeded',
          reason: null,
        } as const;
        const live = costs.reduce(
          (row, [nanoUsd, measured]) => recordAttempt(row, attempt, cost(nanoUsd, measured)),
          openLiveJob(job),
        );
        expect(live.billed.cost.nanoUsd).toBe(costs.reduce((sum, [nanoUsd]) => sum + nanoUsd, 0));
        expect(live.billed.usage.inputTokens).toBe(costs.length * usage.inputTokens);
        expect(live.billed.cost.measured).toBe(costs.every(([, measured]) => measured));
        expect(live.attempts).toHaveLength(costs.length);
      }),
    );
  });
});

describe('a trail', () => {
  const event = (atMs: number): TrailEvent => ({ atMs, type: 'resent' });

  test('keeps its beginning and its newest events', () => {
    fc.assert(
      fc.property(fc.nat(200), (count) => {
        let trail: readonly TrailEvent[] = [{ atMs: -1, type: 'accepted' }];
        for (let atMs = 0; atMs < count; atMs += 1) trail = appendTrail(trail, event(atMs));
        expect(trail).toHaveLength(Math.min(count + 1, trailLimit));
        expect(trail[0]?.type).toBe('accepted');
        const newest = trail.slice(1).map(({ atMs }) => atMs);
        expect(newest).toEqual(Array.from({ length: newest.length }, (_, index) => count - newest.length + index));
      }),
    );
  });
});

describe('a job id', () => {
  const random = { next: () => 0, hex: (bytes: number) => 'ab'.repeat(bytes) };

  test('of a later job sorts first', () => {
    fc.assert(
      fc.property(fc.nat(4e12), fc.integer({ min: 1, max: 1e9 }), (atMs, laterMs) => {
        expect(makeJobId(atMs + laterMs, random) < makeJobId(atMs, random)).toBe(true);
      }),
    );
  });

  test('is told from what cannot be one', () => {
    const id = makeJobId(1_795_000_000_000, random);
    expect(isJobId(id)).toBe(true);
    for (const other of ['', 'job_', id.slice(1), `${id}0`, id.toUpperCase(), `${id.slice(0, -1)}/`, `${id}\n`]) {
      expect(isJobId(other)).toBe(false);
    }
  });
});
