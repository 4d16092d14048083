import { expect, test } from 'vitest';
import { decideSweep, overdueMs } from '../../../../src/core/jobs/decide-sweep.ts';
import { decideWake, earlyToleranceMs } from '../../../../src/core/jobs/decide-wake.ts';
import type { LiveJob } from '../../../../src/core/jobs/live-job.ts';
import { makeSampleJob, makeSampleLive } from '../../../support/sample-jobs.ts';

const job = makeSampleJob('search');
const now = job.createdAtMs + 100_000;
const queued = (changes: Partial<LiveJob> = {}) => makeSampleLive(job, { dueAtMs: now, ...changes });
const running = (untilMs: number, changes: Partial<LiveJob> = {}) =>
  queued({ state: 'running', attempt: 1, lease: { holder: 'other', untilMs }, ...changes });
const past = job.createdAtMs + 1;

test.each<[string, LiveJob, ReturnType<typeof decideWake>]>([
  ['a due job proceeds', queued(), { outcome: 'proceed' }],
  ['a job overdue for hours proceeds', queued({ dueAtMs: 0 }), { outcome: 'proceed' }],
  ['two seconds early is due', queued({ dueAtMs: now + earlyToleranceMs }), { outcome: 'proceed' }],
  [
    'earlier than that is an old message',
    queued({ dueAtMs: now + earlyToleranceMs + 1 }),
    { outcome: 'ignore', reason: 'early' },
  ],
  ['a leased job is left alone', running(now + 1), { outcome: 'ignore', reason: 'leased' }],
  ['a lease is over at its very end', running(now), { outcome: 'rescue' }],
  ['a running row without a lease is rescued', running(now, { lease: null }), { outcome: 'rescue' }],
  [
    'a job in good hands is not ended past its deadline',
    running(now + 1, { deadlineAtMs: past }),
    { outcome: 'ignore', reason: 'leased' },
  ],
  ['the deadline itself is too late', queued({ deadlineAtMs: now }), { outcome: 'end', status: 'expired' }],
  [
    'a deadline counts before the due time does',
    queued({ deadlineAtMs: past, dueAtMs: now + 60_000 }),
    { outcome: 'end', status: 'expired' },
  ],
  [
    'a cancellation wins over the deadline',
    queued({ deadlineAtMs: past, cancelRequested: true }),
    { outcome: 'end', status: 'cancelled' },
  ],
])('a wake-up: %s', (_name, live, decision) => {
  expect(decideWake(live, now)).toEqual(decision);
});

test.each<[string, LiveJob, ReturnType<typeof decideSweep>]>([
  ['what is due now waits for its message', queued(), { outcome: 'leave' }],
  ['what is due later is left alone', queued({ dueAtMs: now + 60_000 }), { outcome: 'leave' }],
  ['just under the patience is left alone', queued({ dueAtMs: now - overdueMs + 1 }), { outcome: 'leave' }],
  ['past it the wake-up is sent again', queued({ dueAtMs: now - overdueMs }), { outcome: 'resend' }],
  [
    'after a re-send the patience is twice as long',
    queued({ dueAtMs: now - overdueMs, resends: 1 }),
    { outcome: 'leave' },
  ],
  ['and then it is sent again', queued({ dueAtMs: now - 2 * overdueMs, resends: 1 }), { outcome: 'resend' }],
  ['patience grows to a bound', queued({ dueAtMs: now - overdueMs * 1024, resends: 400 }), { outcome: 'resend' }],
  [
    'a leased job is left alone, even past its deadline',
    running(now + 1, { deadlineAtMs: past }),
    { outcome: 'leave' },
  ],
  ['a dead worker is noticed', running(now), { outcome: 'rescue' }],
  [
    'what waits past its deadline ends',
    queued({ deadlineAtMs: now, dueAtMs: now + 60_000 }),
    { outcome: 'end', status: 'expired' },
  ],
  [
    'a cancellation that its worker could not carry out ends',
    queued({ cancelRequested: true }),
    { outcome: 'end', status: 'cancelled' },
  ],
])('the sweep: %s', (_name, live, decision) => {
  expect(decideSweep(live, now)).toEqual(decision);
});
