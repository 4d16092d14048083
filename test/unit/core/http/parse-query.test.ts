import { describe, expect, it } from 'vitest';
import {
  parseJobId,
  parseJobListQuery,
  parseMetricsQuery,
  parseTime,
  parseUsageQuery,
  parseWaitSeconds,
} from '../../../../src/core/http/parse-query.ts';
import { WeirError } from '../../../../src/core/http/weir-error.ts';
import { makeJobId } from '../../../../src/core/jobs/job-id.ts';

const query = (text: string) => new URLSearchParams(text);
const id = makeJobId(1_790_000_000_000, { next: () => 0, hex: (bytes) => 'ab'.repeat(bytes) });
const paramOf = (result: unknown) => (result instanceof WeirError ? result.param : 'accepted');

describe('parseJobId', () => {
  it('gives bad ids the answer of absent ones', () => {
    const answers = [undefined, '', 'job_', `${id}x`, '../x', "job_' or 1 eq 1"].map((text) => parseJobId(text));
    for (const answer of answers) expect(answer).toMatchObject({ status: 404, code: 'not_found', param: null });
    expect(new Set(answers.map((answer) => (answer as WeirError).message)).size).toBe(1);
    expect(parseJobId(id)).toBe(id);
  });
});

describe('parseWaitSeconds', () => {
  it('reads 0 to 30 and nothing else', () => {
    expect(['', 'wait=0', 'wait=30', 'wait=007'].map((text) => parseWaitSeconds(query(text)))).toEqual([0, 0, 30, 7]);
    for (const text of ['wait=31', 'wait=-1', 'wait=1.5', 'wait=', 'wait=x', 'wait=1e1', 'wait=0x1']) {
      expect(paramOf(parseWaitSeconds(query(text)))).toBe('wait');
    }
  });
});

describe('parseJobListQuery', () => {
  it('applies the defaults and takes all three', () => {
    expect(parseJobListQuery(query(''))).toEqual({ status: null, limit: 20, after: null });
    expect(parseJobListQuery(query(`status=failed&limit=100&after=${id}`))).toEqual({
      status: 'failed',
      limit: 100,
      after: id,
    });
  });

  it.each([
    ['status=done', 'status'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['after=nonsense', 'after'],
  ])('refuses %s', (text, param) => {
    expect(paramOf(parseJobListQuery(query(text)))).toBe(param);
  });
});

describe('parseMetricsQuery', () => {
  it('reads 1 to 1,000, by default 100', () => {
    expect(['', 'last=1', 'last=1000'].map((text) => parseMetricsQuery(query(text)))).toEqual([100, 1, 1000]);
    expect(['last=0', 'last=1001', 'last=x'].map((text) => paramOf(parseMetricsQuery(query(text))))).toEqual([
      'last',
      'last',
      'last',
    ]);
  });
});

describe('parseUsageQuery', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');

  it('looks at the last 30 days by default, the present moment included', () => {
    expect(parseUsageQuery(query(''), now)).toEqual({
      window: { fromMs: now + 1 - 30 * 86_400_000, toMs: now + 1 },
      groupBy: null,
      after: null,
    });
  });

  it('takes dates, times and Unix seconds, and groups in the order asked', () => {
    expect(parseUsageQuery(query('from=2026-08-01&to=1790000000&group_by=model,team,model'), now)).toEqual({
      window: { fromMs: Date.parse('2026-08-01T00:00:00Z'), toMs: 1_790_000_000_000 },
      groupBy: ['model', 'team'],
      after: null,
    });
  });

  it('goes on behind the last call of the page before and refuses what is no such name', () => {
    const id = `use_1790000000000_job_${'0'.repeat(45)}_2`;
    expect(parseUsageQuery(query(`after=${id}`), now)).toMatchObject({ after: { atMs: 1_790_000_000_000, id } });
    expect(parseUsageQuery(query('after=use_1'), now)).toMatchObject({ param: 'after' });
  });

  it.each([
    ['from=yesterday', 'from'],
    ['to=2026-13-01', 'to'],
    ['from=2026-02-30', 'from'],
    ['from=2026-11-02&to=2026-11-01', 'from'],
    ['group_by=colour', 'group_by'],
    ['group_by=team,,model', 'group_by'],
  ])('refuses %s', (text, param) => {
    expect(paramOf(parseUsageQuery(query(text), now))).toBe(param);
  });
});

describe('several mistakes in one query', () => {
  it('are named at once, a sentence each', () => {
    expect(parseJobListQuery(query('status=done&limit=0&after=x'))).toMatchObject({
      param: 'status',
      message: expect.stringMatching(/^status: received "done", .* is allowed\. limit: .* is allowed\. after: .*\.$/),
    });
    expect(parseUsageQuery(query('from=a&to=b&group_by=c&after=d'), 0)).toMatchObject({
      param: 'from',
      message: expect.stringMatching(/^from: .*\. to: .*\. group_by: .*\. after: .*\.$/),
    });
  });

  it('do not count what nobody knows', () => {
    expect(parseJobListQuery(query('colour=red&limit=5'))).toEqual({ status: null, limit: 5, after: null });
  });
});

describe('parseTime', () => {
  it.each([
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T08:00Z', '2026-11-01T08:00:00.000Z'],
    ['2026-11-01T08:00:00.5+02:00', '2026-11-01T06:00:00.500Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect(new Date(parseTime(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each(['', '2026-11-01T08:00:00', '2026-02-29', '2026-11-01T25:00Z', '-1', '1.5', 'Nov 1 2026'])(
    'refuses %j',
    (text) => {
      expect(parseTime(text)).toBeNull();
    },
  );
});
