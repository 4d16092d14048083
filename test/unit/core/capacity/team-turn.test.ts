import { describe, expect, it } from 'vitest';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { findOwnTurn, ownCost, ownWindowMs, payOwnPace } from '../../../../src/core/capacity/team-turn.ts';
import { chargeRing, createRing, teamRing } from '../../../../src/core/capacity/token-ring.ts';
import { startMs } from './sample-pool.ts';

const limits = { ...unknownTeam, tokensPerMinute: 6000 };
const want = { limits, ring: createRing(), before: 0, tokens: 100, meanTokens: 0, pacedUntilMs: null, fromMs: startMs };

/** A ring in which 6,000 tokens were sent in ten steps, six seconds apart. */
function usedUp() {
  const ring = createRing();
  for (let step = 0; step < 10; step += 1) {
    chargeRing(teamRing, ring, { tokens: 600, requests: 1 }, startMs - 60_000 + step * 6000);
  }
  return ring;
}

describe("the turn that a team's own limit gives", () => {
  it('is now while there is room for the job and all that is before it', () => {
    expect(findOwnTurn({ ...want, before: 5900 })).toBe(startMs);
  });

  it('comes when the ring has room for what is before the job as well', () => {
    const ring = usedUp();
    const first = findOwnTurn({ ...want, ring, tokens: 600 }) ?? 0;
    const second = findOwnTurn({ ...want, ring, tokens: 600, before: 600 }) ?? 0;
    expect(first).toBeLessThanOrEqual(startMs + 1000);
    expect(second - first).toBe(6000);
  });

  it('comes a window later for every limit that is before it', () => {
    const ring = usedUp();
    const first = findOwnTurn({ ...want, ring, before: 600, tokens: 600 }) ?? 0;
    expect(findOwnTurn({ ...want, ring, before: 12_600, tokens: 600 })).toBe(first + 2 * ownWindowMs);
  });

  it('counts the half of a job that is left over of every window', () => {
    const ring = usedUp();
    const exact = findOwnTurn({ ...want, ring, before: 60_000, tokens: 600 }) ?? 0;
    const real = findOwnTurn({ ...want, ring, before: 60_000, tokens: 600, meanTokens: 600 }) ?? 0;
    expect((real - startMs) / (exact - startMs)).toBeGreaterThan(1.03);
    expect((real - startMs) / (exact - startMs)).toBeLessThan(1.08);
  });

  it('keeps the lower lanes to an even pace a little above the limit', () => {
    const paced = (before: number) => (findOwnTurn({ ...want, before, pacedUntilMs: 0 }) ?? 0) - startMs;
    expect(paced(0)).toBe(0);
    expect(paced(5900)).toBeGreaterThan(50_000);
    expect(paced(5900)).toBeLessThan(58_000);
  });

  it('gives a team that was late five seconds to make up for, and no more', () => {
    const late = payOwnPace(limits, startMs - 60_000, 100, startMs);
    const inTime = payOwnPace(limits, startMs - 3000, 100, startMs);
    expect(late).toBeCloseTo(startMs - 5000 + 970.9, 0);
    expect(inTime).toBeCloseTo(startMs - 3000 + 970.9, 0);
  });

  it('counts requests where a team is limited in those alone, and whichever is more where it is limited in both', () => {
    const inRequests = { ...unknownTeam, requestsPerMinute: 60 };
    const inBoth = { ...unknownTeam, tokensPerMinute: 6000, requestsPerMinute: 60 };
    expect([ownCost(limits, 700), ownCost(inRequests, 700)]).toEqual([700, 1]);
    expect([ownCost(inBoth, 700), ownCost(inBoth, 10)]).toEqual([700, 100]);
    expect(findOwnTurn({ ...want, limits: inRequests, before: 59 })).toBe(startMs);
    expect(findOwnTurn({ ...want, limits: inRequests, before: 60 })).toBeGreaterThan(startMs + 60_000);
  });

  it.each([
    ['a limit of 0', { ...unknownTeam, tokensPerMinute: 0 }],
    ['a job larger than the limit', { ...unknownTeam, tokensPerMinute: 99 }],
  ])('never comes with %s', (_what, over) => {
    expect(findOwnTurn({ ...want, limits: over })).toBeNull();
  });
});
