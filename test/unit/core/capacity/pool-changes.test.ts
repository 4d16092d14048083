import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { News } from '../../../../src/core/capacity/apply-news.ts';
import { mostRowsPerCommit } from '../../../../src/core/capacity/capacity-store.ts';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import { pend, takeNews } from '../../../../src/core/capacity/pending-news.ts';
import { changesOf } from '../../../../src/core/capacity/pool-changes.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { decodePool, encodeRings, teamOfRow } from '../../../../src/core/capacity/pool-rows.ts';
import { sumRing, teamRing } from '../../../../src/core/capacity/token-ring.ts';
import { ask, batch, deployment, pool, startMs } from './sample-pool.ts';

const teamNames = Array.from({ length: 300 }, (_, index) => `team-${index}`);

/** A pool of so many deployments and three hundred teams with limits of their own, and its rows as a store holds them. */
function openPool(deployments: number) {
  const limits = pool({
    deployments: Array.from({ length: deployments }, (_, index) =>
      deployment({ name: `region-${index}`, tokensPerMinute: 1_000_000, requestsPerMinute: 6000 }),
    ),
    teams: new Map(teamNames.map((team) => [team, { ...unknownTeam, tokensPerMinute: 5000 }])),
  });
  const stored = new Map<string, { key: string; text: string; version: string }>();
  const read = (nowMs: number) => {
    const rows = [...stored.values()];
    return { rows, decoded: decodePool(rows, { limits, nowMs, lastLine: null }) };
  };
  const commit = (nowMs: number, asked: { requests?: ReturnType<typeof ask>[]; news?: readonly News[] }) => {
    const { rows, decoded } = read(nowMs);
    const decision = decideBookings(
      batch({ state: decoded.state, limits, nowMs, requests: asked.requests ?? [], news: asked.news ?? [] }),
    );
    const changes = changesOf(rows, decoded, decision);
    for (const { key, text } of changes) stored.set(key, { key, text, version: '1' });
    return { decision, changes };
  };
  return { stored, read, commit };
}

describe('the rows of a commit', () => {
  it('are never more than a transaction holds, and drop nothing of what was decided', () => {
    const step = fc.record({
      teams: fc.array(fc.integer({ min: 0, max: 299 }), { maxLength: 80 }),
      laterMs: fc.integer({ min: 0, max: 30_000 }),
      release: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.constantFrom(1, 30, 60), fc.array(step, { maxLength: 5 }), (deployments, steps) => {
        const { read, commit } = openPool(deployments);
        let nowMs = startMs;
        let waiting: ReturnType<typeof pend>[] = [];
        for (const { teams, laterMs, release } of steps) {
          nowMs += laterMs;
          const { taken, left } = takeNews([], waiting);
          const requests = teams.map((index) => ask(100, { team: `team-${index}` }));
          const { decision, changes } = commit(nowMs, { requests, news: taken.map(({ news }) => news) });
          waiting = [...left];
          expect(changes.length).toBeLessThanOrEqual(mostRowsPerCommit);
          // What the store holds is what was decided: every deployment's and every touched team's ring.
          const { state, damaged } = read(nowMs).decoded;
          expect(damaged).toEqual([]);
          const held = encodeRings(state);
          for (const [key, text] of encodeRings(decision.state)) {
            const team = teamOfRow(key);
            if (team === null || decision.touchedTeams.has(team)) expect(held.get(key)).toBe(text);
          }
          for (const result of decision.results) {
            if (release && result.outcome === 'booked')
              waiting.push(pend({ kind: 'released', booking: result.booking }));
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  it('book eighty teams of a large pool in a few commits', () => {
    const { commit, read } = openPool(60);
    let requests = teamNames.slice(0, 80).map((team) => ask(100, { team }));
    for (let round = 0; round < 3; round += 1) {
      const { decision, changes } = commit(startMs + round * 200, { requests });
      expect(changes.length).toBeLessThanOrEqual(mostRowsPerCommit);
      requests = requests.filter((_, index) => decision.results[index]?.outcome !== 'booked');
    }
    expect(requests).toEqual([]);
    const { teams } = read(startMs).decoded.state;
    for (const team of teamNames.slice(0, 80)) {
      expect(sumRing(teamRing, teams.get(team) ?? { first: 0, tokens: [], requests: [] }, startMs + 2000).tokens).toBe(
        100,
      );
    }
  });

  it('mend two hundred deleted rows of teams over several commits, none of which reads as unused meanwhile', () => {
    const { commit, read, stored } = openPool(30);
    for (let first = 0; first < 200; first += 50) {
      commit(startMs, { requests: teamNames.slice(first, first + 50).map((team) => ask(100, { team })) });
    }
    for (const team of teamNames.slice(0, 200)) stored.delete(`team|${team}`);
    for (let left = 200; left > 0; left = read(startMs).decoded.damaged.length) {
      const { decision, changes } = commit(startMs, { requests: [ask(10, { team: 'team-199' })] });
      expect(decision.results[0]?.outcome).toBe('wait');
      expect(changes.length).toBeLessThanOrEqual(mostRowsPerCommit);
      expect(read(startMs).decoded.damaged.length).toBeLessThan(left);
    }
    expect(teamNames.slice(0, 200).filter((team) => !stored.has(`team|${team}`))).toEqual([]);
  });
});

describe('news for the next commit', () => {
  const released = (team: string): News => {
    const [result] = decideBookings(batch({ requests: [ask(1, { team })] })).results;
    if (result?.outcome !== 'booked') throw new Error('An empty pool has room.');
    return { kind: 'released', booking: result.booking };
  };

  it('are taken in order, of as many teams as fit, and the rest waits', () => {
    const waiting = teamNames.slice(0, 50).map((team) => pend(released(team)));
    const first = takeNews([], waiting);
    expect(first.taken.length).toBeGreaterThan(10);
    expect(first.taken.length).toBeLessThan(40);
    expect([...first.taken, ...first.left]).toEqual(waiting);
    expect(takeNews(first.taken, first.left).taken).toEqual([]);
  });
});
