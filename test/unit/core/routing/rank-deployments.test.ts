import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noLatency } from '../../../../src/core/routing/latency.ts';
import {
  type DeploymentCandidate,
  type RankRequest,
  rankDeployments,
} from '../../../../src/core/routing/rank-deployments.ts';

const now = 1_000_000;
const request: RankRequest = { lane: 'standard', outputTokens: 100, exclude: [], loadThreshold: 0.8 };
function deployment(name: string, more: Partial<DeploymentCandidate> = {}): DeploymentCandidate {
  return {
    name,
    priority: 1,
    isProvisioned: false,
    spill: ['interactive', 'standard'],
    admits: 'all',
    reason: null,
    untilMs: now,
    load: 0,
    share: 1,
    startAtMs: now,
    latency: noLatency,
    ...more,
  };
}
const latency = (firstByteMs: number) => ({ firstByteMs, msPerOutputToken: null, samples: 9 });
const rank = (candidates: DeploymentCandidate[], more: Partial<RankRequest> = {}) =>
  rankDeployments(candidates, { ...request, ...more });
const names = (candidates: DeploymentCandidate[], more: Partial<RankRequest> = {}) =>
  rank(candidates, more)
    .ranked.map(({ name }) => name)
    .join(' ');

describe('rankDeployments', () => {
  it.each<[string, DeploymentCandidate[], string]>([
    ['priority first', [deployment('c', { priority: 3 }), deployment('a'), deployment('b', { priority: 2 })], 'a b c'],
    [
      'priority before load and latency',
      [deployment('a', { load: 0.79, latency: latency(900) }), deployment('b', { priority: 2 })],
      'a b',
    ],
    ['a load of 0.8 moves on', [deployment('a', { load: 0.8 }), deployment('b', { priority: 2, load: 0.5 })], 'b a'],
    ['a load just under 0.8 stays', [deployment('a', { load: 0.799 }), deployment('b', { priority: 2 })], 'a b'],
    [
      'equal priority: the earliest start',
      [deployment('a', { startAtMs: now + 500 }), deployment('b', { load: 0.5 })],
      'b a',
    ],
    [
      'equal priority and start: the lowest load',
      [deployment('a', { load: 0.5 }), deployment('b', { load: 0.2 })],
      'b a',
    ],
    [
      'equal priority, start and load: the lowest latency',
      [deployment('a', { latency: latency(500) }), deployment('b', { latency: latency(200) })],
      'b a',
    ],
    [
      'all loaded: the earliest start whatever the priority',
      [deployment('a', { load: 0.9, startAtMs: now + 900 }), deployment('b', { priority: 2, load: 0.95 })],
      'b a',
    ],
    [
      'all loaded, same start: the least loaded',
      [
        deployment('a', { load: 0.99 }),
        deployment('b', { priority: 2, load: 0.85 }),
        deployment('c', { priority: 3, load: 0.9 }),
      ],
      'b c a',
    ],
    [
      'starts within the same 50 ms are the same',
      [deployment('a', { load: 0.9, startAtMs: now + 10 }), deployment('b', { load: 0.85, startAtMs: now + 40 })],
      'b a',
    ],
    [
      'provisioned before pay-as-you-go, even of a lower priority',
      [deployment('a'), deployment('p', { priority: 9, isProvisioned: true })],
      'p a',
    ],
    [
      'a full provisioned one spills over',
      [deployment('a'), deployment('p', { load: 0.9, isProvisioned: true })],
      'a p',
    ],
    [
      'a recovering one counts as full at its share',
      [deployment('a', { load: 0.1, share: 0.1 }), deployment('b', { priority: 2, load: 0.5 })],
      'b a',
    ],
    ['the name decides last, so that every instance agrees', [deployment('b'), deployment('a')], 'a b'],
  ])('%s', (_, candidates, expected) => {
    expect(names(candidates)).toBe(expected);
    expect(names([...candidates].reverse())).toBe(expected);
  });

  it('keeps lanes that may not spill on provisioned deployments, and says so', () => {
    const pool = [deployment('a'), deployment('p', { isProvisioned: true, load: 0.95 })];
    expect(rank(pool, { lane: 'bulk' })).toEqual({
      ranked: [{ name: 'p', why: 'earliest' }],
      refused: [{ name: 'a', reason: 'no_spill', untilMs: null }],
    });
    expect(names([deployment('a'), deployment('b')], { lane: 'bulk' })).toBe('a b');
  });

  it('puts what failed in this round last, and still takes it when nothing else is left', () => {
    expect(names([deployment('a'), deployment('b', { priority: 5, load: 0.99 })], { exclude: ['a'] })).toBe('b a');
    expect(rank([deployment('a')], { exclude: ['a'] }).ranked).toEqual([{ name: 'a', why: 'failed_before' }]);
  });

  it('tries a half-open region with work nobody waits for on the line', () => {
    const pool = [deployment('a'), deployment('b', { admits: 'probe' })];
    expect(rank(pool).ranked).toEqual([
      { name: 'b', why: 'probe' },
      { name: 'a', why: 'priority' },
    ]);
    expect(rank(pool, { lane: 'interactive' }).ranked).toEqual([
      { name: 'a', why: 'priority' },
      { name: 'b', why: 'probe' },
    ]);
    expect(names([deployment('b', { admits: 'probe' })], { lane: 'interactive' })).toBe('b');
  });

  it('refuses with the reason and the moment when none is healthy', () => {
    const pool = [
      deployment('a', { admits: 'none', reason: 'server_error_503', untilMs: now + 5000 }),
      deployment('b', { admits: 'none', untilMs: now + 900 }),
    ];
    expect(rank(pool)).toEqual({
      ranked: [],
      refused: [
        { name: 'a', reason: 'server_error_503', untilMs: now + 5000 },
        { name: 'b', reason: 'breaker', untilMs: now + 900 },
      ],
    });
  });

  it('ranks or refuses each candidate once, in the same order however they are listed', () => {
    const candidate = fc.record({
      priority: fc.integer({ min: 1, max: 3 }),
      isProvisioned: fc.boolean(),
      spill: fc.constantFrom([], ['standard'] as const),
      admits: fc.constantFrom('all', 'probe', 'none'),
      load: fc.double({ min: 0, max: 1, noNaN: true }),
      share: fc.double({ min: 0.1, max: 1, noNaN: true }),
      startAtMs: fc.integer({ min: now, max: now + 200 }),
      latency: fc.integer({ min: 1, max: 9 }).map(latency),
    });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (parts, shuffle) => {
        const pool = parts.map((part, index) => deployment(`d${index}`, part as Partial<DeploymentCandidate>));
        const { ranked, refused } = rank(pool);
        const shuffled = pool
          .map((one) => ({ one, at: shuffle.next().value }))
          .sort((left, right) => left.at - right.at);
        const seen = [...ranked, ...refused].map(({ name }) => name).sort();
        return (
          JSON.stringify(seen) === JSON.stringify(pool.map(({ name }) => name)) &&
          JSON.stringify(rank(shuffled.map(({ one }) => one)).ranked) === JSON.stringify(ranked)
        );
      }),
    );
  });
});
