import { describe, expect, it } from 'vitest';
import type { HintForm, RefusalKind } from '../../../../tools/simulator/refusal.ts';
import { writeHeadroom, writeRefusal } from '../../../../tools/simulator/refusal.ts';

function refuse(kind: RefusalKind, hint: HintForm) {
  return writeRefusal({
    kind,
    hint,
    retryAfterMs: 12_300,
    model: 'gpt-4.1',
    region: 'swedencentral',
    headroomHeaders: {
      'x-ratelimit-limit-tokens': '10',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '60',
      'x-ratelimit-reset-requests': '3',
    },
  });
}

describe('a 429', () => {
  it('tells the true wait in the good form: header, reset header and text agree', () => {
    const { headers, body } = refuse('tokens', 'good');
    expect(headers).toMatchObject({
      'retry-after': '13',
      'x-ratelimit-reset-tokens': '13',
      'policy-id': 'DeploymentRatelimit-Token',
    });
    expect(JSON.stringify(body)).toContain('exceeded the token rate limit');
    expect(JSON.stringify(body)).toContain('retry after 13 seconds');
  });

  it('adds milliseconds on provisioned deployments', () => {
    expect(refuse('utilisation', 'good').headers).toMatchObject({ 'retry-after-ms': '12300', 'retry-after': '13' });
  });

  it('says nothing about waiting in the missing form', () => {
    const { headers, body } = refuse('tokens', 'missing');
    for (const name of ['retry-after', 'retry-after-ms', 'x-ratelimit-reset-tokens', 'x-ratelimit-reset-requests']) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(JSON.stringify(body)).not.toMatch(/after \d/u);
  });

  it('asks for a day in the 86400 form', () => {
    const { headers, body } = refuse('requests', '86400');
    expect(headers['retry-after']).toBe('86400');
    expect(JSON.stringify(body)).toContain('retry after 86400 seconds');
  });

  it('shows -1 and 0 as seen in November 2025 in the minus1 form', () => {
    const { headers } = refuse('tokens', 'minus1');
    expect(headers).toMatchObject({
      'x-ratelimit-limit-tokens': '-1',
      'x-ratelimit-remaining-tokens': '-1',
      'x-ratelimit-reset-tokens': '0',
    });
    expect(headers).not.toHaveProperty('retry-after');
  });

  it('has only the misspelt reset header in the legacy form, and only the text in the message form', () => {
    const legacy = refuse('tokens', 'legacy');
    expect(legacy.headers['x-rate-limit-reset-tokens']).toBe('13');
    expect(legacy.headers).not.toHaveProperty('retry-after');
    const message = refuse('requests', 'message');
    expect(message.headers).not.toHaveProperty('retry-after');
    expect(JSON.stringify(message.body)).toContain('retry after 13 seconds');
  });

  it('tells the kinds apart: call limit, token limit, demand', () => {
    expect(refuse('requests', 'good').headers['policy-id']).toBe('DeploymentRatelimit-Call');
    const capacity = refuse('capacity', 'good');
    expect(capacity.headers).not.toHaveProperty('policy-id');
    expect(JSON.stringify(capacity.body)).toContain('currently experiencing high demand');
  });
});

it('writes resets in seconds of the caller under a time scale', () => {
  const headroom = {
    limitTokens: 1,
    remainingTokens: 0,
    resetTokensMs: 60_000,
    limitRequests: 20,
    remainingRequests: 19,
    resetRequestsMs: 10_000,
  };
  expect(writeHeadroom(headroom, (ms) => ms / 10)).toMatchObject({
    'x-ratelimit-reset-tokens': '6',
    'x-ratelimit-reset-requests': '1',
    'x-ratelimit-remaining-requests': '19',
  });
});
