import { describe, expect, it } from 'vitest';
import type { SimulatedCall } from '../../../../tools/demo/simulator-log.ts';
import { type Evidence, verifyRun } from '../../../../tools/demo/verify-run.ts';
import { makeAttempt, makeRecord } from './records.ts';

function call(job: string, attempt = 1, status = 200): SimulatedCall {
  return { region: 'eastus', status, outcome: 'succeeded', job, attempt: `${attempt}` };
}

function row(job: string, attempt = 1, inputTokens = 10, outputTokens = 5) {
  return { job, attempt, project: 'run', input_tokens: inputTokens, output_tokens: outputTokens };
}

const sound: Evidence = {
  listedIds: ['b', 'a'],
  usage: [row('a'), row('b')],
  simulator: { outcome: 'read', calls: [call('a'), call('b'), call('somebody-else')] },
};

function verdictOf(claim: string, evidence: Evidence, records = [makeRecord('a'), makeRecord('b')]) {
  const check = verifyRun(records, evidence).find((one) => one.claim === claim);
  if (check === undefined) throw new Error(`no check is called ${claim}`);
  return check;
}

const accounts = 'The accounts hold every upstream call once';
const upstream = 'The simulated regions saw no other call';
const once = 'No job exists twice';

describe('verifyRun', () => {
  it('passes when everything agrees', () => {
    const checks = verifyRun([makeRecord('a'), makeRecord('b')], sound);
    expect(checks.map((check) => check.verdict)).toEqual(Array(6).fill('pass'));
  });

  it('sees two submissions that were given the same job', () => {
    expect(verdictOf(once, sound, [makeRecord('a'), makeRecord('a')]).detail).toBe('2 submissions gave only 1 jobs');
  });

  it('sees a listed job that nobody submitted, and one that is listed twice', () => {
    expect(verdictOf(once, { ...sound, listedIds: ['a', 'b', 'c'] }).verdict).toBe('fail');
    expect(verdictOf(once, { ...sound, listedIds: ['a', 'b', 'b'] }).verdict).toBe('fail');
    expect(verdictOf(once, { ...sound, listedIds: ['a', 'c'] }).verdict).toBe('fail');
  });

  it.each([
    ['a missing row', [row('a')]],
    ['a row of another attempt', [row('a'), row('b', 2)]],
    ['a row twice', [row('a'), row('b'), row('b')]],
    ['tokens that differ', [row('a'), row('b', 1, 11)]],
  ])('sees %s in the accounts', (_fault, usage) => {
    expect(verdictOf(accounts, { ...sound, usage }).verdict).toBe('fail');
  });

  it.each([
    ['a call that no job tells of', [call('a'), call('a', 2), call('b')], 'not in any job: a/2'],
    ['a call that was sent twice', [call('a'), call('a'), call('b')], 'sent twice: a/1'],
    ['an answer that nobody gave', [call('b')], 'told but not seen: a/1'],
  ])('sees %s upstream', (_fault, calls, words) => {
    const check = verdictOf(upstream, { ...sound, simulator: { outcome: 'read', calls } });
    expect(check.verdict).toBe('fail');
    expect(check.detail).toContain(words);
  });

  it('accepts an attempt that failed before it reached the region', () => {
    const refused = makeAttempt({ status_code: null, outcome: 'failed' });
    const records = [makeRecord('a', { attempts: [refused, makeAttempt({ number: 2 })] })];
    const simulator = { outcome: 'read', calls: [call('a', 2)] } as const;
    expect(verdictOf(upstream, { ...sound, simulator }, records).verdict).toBe('pass');
  });

  it('says why a check could not be made instead of passing it', () => {
    const check = verdictOf(upstream, { ...sound, simulator: { outcome: 'unavailable', reason: 'no simulator' } });
    expect(check).toMatchObject({ verdict: 'skipped', detail: 'no simulator' });
  });

  it('names a refusal, a lost job and a failed one', () => {
    const records = [
      makeRecord('a', {}, { id: null, reading: null, refusal: '403 forbidden' }),
      makeRecord('b', {}, { isLost: true }),
      makeRecord('c', { status: 'failed', error: { code: 'upstream_error', message: 'm' } }),
    ];
    const details = verifyRun(records, sound).map((check) => check.detail);
    expect(details[0]).toContain('403 forbidden');
    expect(details[1]).toContain('missing, for example: b');
    expect(details[2]).toContain('c failed upstream_error');
  });
});
