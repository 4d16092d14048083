import { describe, expect, test } from 'vitest';
import type { LaneCensus } from '../../../../src/core/capacity/capacity.ts';
import { forecastTurn } from '../../../../src/core/capacity/forecast-turn.ts';
import { issueTicket, laneRing } from '../../../../src/core/capacity/lane-line.ts';
import { chargeRing } from '../../../../src/core/capacity/token-ring.ts';
import { ask, batch, pool, startMs } from './sample-pool.ts';

const tokens = 1000;

/** Five of its team before a job, none of them with a ticket. */
function census(over: Partial<LaneCensus> = {}): LaneCensus {
  return { countedAtMs: startMs, waiting: 6, before: new Array(5).fill('search'), behind: 1, ...over };
}

function tell(input: ReturnType<typeof batch>, known: LaneCensus | null, team = 'search') {
  const request = ask(tokens, { lane: 'bulk', team });
  return forecastTurn(input, known === null ? request : { ...request, census: known });
}

/** A pool with so many jobs of a team in its bulk line. */
function withLine(team: string, jobs: number, limits = pool()) {
  const input = batch({ limits });
  for (let job = 0; job < jobs; job += 1) issueTicket(input.state.line.lanes.bulk, team, tokens, 1);
  return input;
}

describe('jobs that have no ticket yet', () => {
  test('come before those that were let in after them', () => {
    const alone = tell(batch(), null);
    const behind = tell(batch(), census());
    expect([alone?.position, behind?.position]).toEqual([1, 6]);
    expect((behind?.startAtMs ?? 0) - (alone?.startAtMs ?? 0)).toBeGreaterThan(20_000);
  });

  test('are not counted once more when they have been given one since', () => {
    expect(tell(withLine('search', 3), census())?.position).toBe(6);
    expect(tell(withLine('search', 5), census())?.position).toBe(6);
  });

  test('are not counted once they have been sent', () => {
    const input = batch();
    chargeRing(laneRing, input.state.line.lanes.bulk.used, { tokens: 2 * tokens, requests: 2 }, startMs + 500);
    expect(tell(input, census())?.position).toBe(4);
  });

  test('come behind those in line', () => {
    expect(tell(withLine('search', 10), census({ waiting: 16 }))?.position).toBe(16);
  });

  test("of another team take that team's share and no more", () => {
    const theirs = census({ waiting: 101, before: new Array(100).fill('support') });
    const told = tell(withLine('search', 3), { ...theirs, waiting: 104 });
    expect(told?.position).toBe(7);
  });

  test("keep to their own team's limit", () => {
    const limit = { share: 1, isPaused: false, tokensPerMinute: 2 * tokens, requestsPerMinute: null };
    const limited = pool({ teams: new Map([['search', limit]]) });
    const alone = tell(batch({ limits: limited }), null);
    const behind = tell(batch({ limits: limited }), census());
    expect(behind?.position).toBe(6);
    expect((behind?.startAtMs ?? 0) - (alone?.startAtMs ?? 0)).toBeGreaterThan(100_000);
  });
});
