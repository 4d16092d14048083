import { describe, expect, it } from 'vitest';
import { readRejection } from '../../../../../src/core/adapters/azure-tables/apply-transaction.ts';
import { planTransaction } from '../../../../../src/core/adapters/azure-tables/plan-transaction.ts';
import type { TeamChange } from '../../../../../src/core/jobs/job-store.ts';
import { countRows } from '../../../../../src/core/jobs/job-store.ts';
import { makeSampleEnd, makeSampleJob, makeSampleLive, makeSampleUsage } from '../../../../support/sample-jobs.ts';

const team = 'search';
const job = makeSampleJob(team, { idempotencyKeySha256: 'a'.repeat(64) });
const usage = [makeSampleUsage(team)];
const accept: TeamChange = { kind: 'accept', job, live: makeSampleLive(job) };
const advance: TeamChange = { kind: 'advance', live: makeSampleLive(job), version: 'W/"1"', usage };
const end: TeamChange = { kind: 'end', job: { ...job, end: makeSampleEnd() }, version: 'W/"1"', usage };
const budget = { budget: { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd: 1 }, version: null };

describe('planTransaction', () => {
  it('takes as many rows as the port says', () => {
    for (const change of [accept, advance, end]) {
      expect(planTransaction(team, [change], null, 'nonce')).toHaveLength(countRows(change));
    }
  });

  it('puts the row that fences a change before the others, and the budget last', () => {
    const keys = planTransaction(team, [advance, end], budget, 'nonce').map((row) => row.rowKey.split('|')[0]);
    expect(keys).toEqual(['live', 'usage', 'live', 'job', 'usage', 'budget']);
  });

  it('marks every row that it writes with the nonce', () => {
    for (const { action, isDeletion } of planTransaction(team, [accept, end], budget, 'nonce')) {
      expect('nonce' in action[1]).toBe(!isDeletion);
    }
  });

  it('does not send the request again when a job ends', () => {
    const texts = planTransaction(team, [end], null, 'nonce').map((row) => JSON.stringify(row.action));
    expect(texts.join()).not.toContain('messages');
  });

  it('refuses to end a job without an end, and keys that are none', () => {
    expect(() => planTransaction(team, [{ ...end, job }], null, 'nonce')).toThrow(RangeError);
    const odd = { ...job, id: 'job_/1' };
    expect(() => planTransaction(team, [{ ...accept, job: odd }], null, 'nonce')).toThrow(/Not a key/);
  });
});

describe('readRejection', () => {
  const rows = planTransaction(team, [advance, end], budget, 'nonce');
  const failure = (statusCode: number, message: string) => Object.assign(new Error(message), { statusCode });

  it.each([
    [409, '1:The specified entity already exists.', { at: 0, reason: 'duplicate' }],
    [412, '0:The update condition was not satisfied.', { at: 0, reason: 'lost' }],
    [404, '2:The specified resource does not exist.', { at: 1, reason: 'lost' }],
    [409, '5:The specified entity already exists.', { at: 'budget', reason: 'lost' }],
  ])('reads %i "%s"', (status, message, expected) => {
    expect(readRejection(rows, failure(status, message))).toEqual({ outcome: 'rejected', ...expected });
  });

  it('is null for what is no conflict, or names no row', () => {
    expect(readRejection(rows, failure(503, '0:Server busy.'))).toBeNull();
    expect(readRejection(rows, failure(409, 'no index'))).toBeNull();
    expect(readRejection(rows, failure(409, '17:no such row'))).toBeNull();
    expect(readRejection(rows, new Error('reset'))).toBeNull();
  });
});
