import { describe, expect, it } from 'vitest';
import { classifyThrottle } from '../../../../src/core/retry/classify-throttle.ts';
import { parseRetryHint } from '../../../../src/core/retry/parse-retry-hint.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const parse = (
  headers: Record<string, string>,
  message: string | null = null,
  kind: 'tokens' | 'requests' | 'unknown' = 'unknown',
) => {
  const hint = parseRetryHint(headers, message, kind, now);
  return hint === null ? null : [hint.hintMs, hint.source];
};

describe('parseRetryHint', () => {
  it.each([
    ['retry-after-ms', { 'retry-after-ms': '250' }, 250],
    ['retry-after-ms', { 'retry-after-ms': '250.4' }, 251],
    ['x-ms-retry-after-ms', { 'x-ms-retry-after-ms': '1200' }, 1200],
    ['retry-after', { 'retry-after': '7' }, 7000],
    ['retry-after', { 'retry-after': '0.5' }, 500],
    ['retry-after', { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 30_000],
    ['x-ratelimit-reset-tokens', { 'x-ratelimit-reset-tokens': '55' }, 55_000],
    ['x-ratelimit-reset-requests', { 'x-ratelimit-reset-requests': '6m1.5s' }, 361_500],
    ['x-ratelimit-reset-requests', { 'x-ratelimit-reset-requests': '20ms' }, 20],
    ['x-rate-limit-reset-tokens', { 'x-rate-limit-reset-tokens': '55' }, 55_000],
  ])('reads %s from %j', (source, headers, expected) => {
    expect(parse(headers as unknown as Record<string, string>)).toEqual([expected, source]);
  });

  it.each([
    ['exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 86400 seconds.', 86_400_000],
    ['Please retry after 20 seconds.', 20_000],
    ['Try again in 300 ms', 300],
    ['Please retry after 1 second.', 1000],
  ])('reads the message "%s"', (message, expected) => {
    expect(parse({}, message)).toEqual([expected, 'message']);
  });

  it('believes the forms in the order in which they are precise', () => {
    const all = {
      'retry-after-ms': '1',
      'x-ms-retry-after-ms': '2',
      'retry-after': '3',
      'x-ratelimit-reset-tokens': '4',
    };
    expect(parse(all)).toEqual([1, 'retry-after-ms']);
    expect(parse({ ...all, 'retry-after-ms': '-1' })).toEqual([2, 'x-ms-retry-after-ms']);
    expect(parse({ 'retry-after': '3', 'x-ratelimit-reset-tokens': '4' }, 'retry after 5 seconds')).toEqual([
      3000,
      'retry-after',
    ]);
    expect(parse({ 'x-ratelimit-reset-tokens': '4' }, 'retry after 5 seconds')).toEqual([
      4000,
      'x-ratelimit-reset-tokens',
    ]);
  });

  it.each([
    ['-1', null],
    ['', null],
    ['   ', null],
    ['abc', null],
    ['1e3', null],
    ['0x10', null],
    ['NaN', null],
    ['Infinity', null],
    ['1790000000', null],
    ['99999999999999999999999', null],
    ['0', 0],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Mon, 23 Nov 2099 11:00:00 GMT', null],
    ['86400', 86_400_000],
  ])('makes of Retry-After "%s" %s', (text, expected) => {
    expect(parse({ 'retry-after': text })?.[0] ?? null).toBe(expected);
  });

  it('goes on to the next form when one is rubbish', () => {
    expect(parse({ 'retry-after': '-1', 'x-ratelimit-reset-tokens': '9' })).toEqual([9000, 'x-ratelimit-reset-tokens']);
    expect(parse({ 'retry-after': '1790000000' }, 'Please retry after 2 seconds')).toEqual([2000, 'message']);
  });

  it('passes over a reset of 0 that comes with counts of -1', () => {
    expect(
      parse({
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
      }),
    ).toBeNull();
  });

  it('leaves a deployment alone for a minute at most, however long the hint', () => {
    expect(parseRetryHint({ 'retry-after': '86400' }, null, 'tokens', now)).toEqual({
      hintMs: 86_400_000,
      coolDownMs: 60_000,
      source: 'retry-after',
    });
    expect(parseRetryHint({ 'retry-after': '45' }, null, 'tokens', now)?.coolDownMs).toBe(45_000);
  });

  it('takes the reset of the limit that was hit, of an unknown one the longest', () => {
    const both = { 'x-ratelimit-reset-tokens': '40', 'x-ratelimit-reset-requests': '3' };
    expect(parse(both, null, 'requests')).toEqual([3000, 'x-ratelimit-reset-requests']);
    expect(parse(both, null, 'tokens')).toEqual([40_000, 'x-ratelimit-reset-tokens']);
    expect(parse(both)).toEqual([40_000, 'x-ratelimit-reset-tokens']);
  });
});

describe('classifyThrottle', () => {
  it.each([
    ['tokens', { 'policy-id': 'DeploymentRatelimit-Token' }, null],
    ['requests', { 'policy-id': 'DeploymentRatelimit-Call' }, null],
    [
      'tokens',
      {},
      'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier.',
    ],
    [
      'tokens',
      {},
      'Your requests to M for M in Sweden Central have exceeded the token rate limit for your current AIServices S0 pricing tier',
    ],
    ['requests', {}, 'have exceeded call rate limit of your current OpenAI S0 pricing tier'],
    [
      'capacity',
      {},
      'The system is currently experiencing high demand and exceeds the maximum usage size allowed during peak load.',
    ],
    ['capacity', { 'policy-id': 'DeploymentRatelimit-Token' }, 'system is currently experiencing high demand'],
    ['tokens', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-remaining-requests': '5' }, null],
    ['requests', { 'x-ratelimit-remaining-requests': '0' }, null],
    ['unknown', { 'x-ratelimit-remaining-tokens': '-1' }, null],
    ['unknown', {}, null],
  ])('calls it %s: %j %s', (kind, headers, message) => {
    expect(classifyThrottle(headers as unknown as Record<string, string>, message)).toBe(kind);
  });
});
