import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../../../../src/core/cost/usage-row.ts';
import { selectAnswers } from '../../../../src/core/tokens/select-answers.ts';
import { makeSampleUsage } from '../../../support/sample-jobs.ts';

const of = { model: 'gpt-4.1-mini', endpoint: '/v1/chat/completions' } as const;
const usage = (outputTokens: number) => ({ inputTokens: 9, cachedInputTokens: 0, outputTokens, reasoningTokens: 0 });

function row(jobId: string, outputTokens: number, changes: Partial<UsageRow> = {}): UsageRow {
  const own = { ...of, jobId, usage: usage(outputTokens), outcome: 'succeeded', measured: true } as const;
  return makeSampleUsage('search', { ...own, cache: 'miss', capSetBy: 'weir', choices: 1, ...changes });
}

const lengthsOf = (rows: readonly UsageRow[]) => selectAnswers(rows, of).map(({ outputTokens }) => outputTokens);

describe('answers that teach', () => {
  it.each<[string, Partial<UsageRow>]>([
    ['of another model', { model: 'gpt-4.1' }],
    ['of another endpoint', { endpoint: '/v1/responses' }],
    ['capped by the caller', { capSetBy: 'caller' }],
    ['of before caps were told', { capSetBy: undefined, choices: undefined }],
    ['of several choices', { choices: 3 }],
    ['that are estimates', { measured: false }],
    ['that failed', { outcome: 'failed' }],
    ['from the cache', { cache: 'exact' }],
  ])('are not those %s', (_what, changes) => {
    expect(lengthsOf([row('a', 100, changes), row('b', 200)])).toEqual([200]);
  });

  it('count a job that was run again once, by its last answer', () => {
    const first = row('a', 256, { attempt: 1 });
    const second = row('a', 900, { attempt: 2 });
    expect(lengthsOf([second, first])).toEqual([900]);
    expect(lengthsOf([first, second])).toEqual([900]);
    expect(lengthsOf([first, { ...second, outcome: 'failed' }])).toEqual([256]);
  });
});
