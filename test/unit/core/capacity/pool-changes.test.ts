import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { News } from '../../../../src/core/capacity/apply-news.ts';
import type { BookingResult } from '../../../../src/core/capacity/capacity.ts';
import { mostRowsPerCommit } from '../../../../src/core/capacity/capacity-store.ts';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import { pend, takeNews } from '../../../../src/core/capacity/pending-news.ts';
import { changesOf } from '../../../../src/core/capacity/pool-changes.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { decodePool, encodePool, encodeRings, teamOfRow } from '../../../../src/core/capacity/pool-rows.ts';
import { createPoolState } from '../../../../src/core/capacity/pool-state.ts';
import { createTeamLine, issueOwn } from '../../../../src/core/capacity/team-line.ts';
import { sumRing, teamRing } from '../../../../src/core/capacity/token-ring.ts';
import { ask, batch, deployment, pool, startMs } from './sample-pool.ts';

const teamNames = Array.from({ length: 300 }, (_, index) => `team-${index}`);

/** A pool of so many deployments and three hundred teams with limits of their own, and its rows as a store holds them. */
function openPool(deployments: number, named = teamNames) {
  let limits = pool({
    deployments: Array.from({ length: deployments }, (_, index) =>
      deployment({ name: `region-${index}`, tokensPerMinute: 1_000_000, requestsPerMinute: 6000 }),
    ),
    teams: new Map(named.map((team) => [team, { ...unknownTeam, tokensPerMinute: 5000 }])),
  });
  const stored = new Map<string, { key: string; text: string; version: string }>();
  const read = (nowMs: number) => {
    const rows = [...stored.values()];
    return { rows, decoded: decodePool(rows, { limits, nowMs, lastLine: null }) };
  };
  const commit = (nowMs: number, asked: { requests?: ReturnType<typeof ask>[]; news?: readonly News[] }) => {
    const { rows, decoded } = read(nowMs);
    const { requests = [], news = [] } = asked;
    const { state, isLineFull } = decoded;
    const decision = decideBookings(batch({ state, limits, nowMs, isLineFull, requests, news }));
    const changes = changesOf(rows, decoded, decision, limits);
    for (const { key, text } of changes) {
      if (text === null) stored.delete(key);
      else stored.set(key, { key, text, version: '1' });
    }
    return { decision, changes };
  };
  const configure = (deployments: readonly string[], teams: typeof limits.teams) => {
    limits = { ...limits, deployments: deployments.map((name) => deployment({ name })), teams };
  };
  return { stored, read, commit, configure };
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

describe("a pool's rows over its life", () => {
  const ninetySecondsMs = 92_000;
  const keysOf = (stored: ReadonlyMap<string, unknown>) => [...stored.keys()].toSorted();

  it('are those of the deployments that are configured and the teams that are active, and so is what the line knows', () => {
    const { stored, commit, read, configure } = openPool(1);
    for (let first = 0; first < 120; first += 40) {
      commit(startMs + first, { requests: teamNames.slice(first, first + 40).map((team) => ask(100, { team })) });
    }
    configure(['east'], new Map([['team-0', { ...unknownTeam, tokensPerMinute: 5000 }]]));
    const soon = commit(startMs + 30_000, { requests: [ask(100, { team: 'team-0' })] });
    expect(soon.decision.results[0]?.outcome).toBe('booked');
    // What was sent within the minute still counts, should its deployment come back.
    expect(stored.size).toBe(123);
    for (let round = 0; round < 2; round += 1) {
      const { changes } = commit(startMs + 30_000 + ninetySecondsMs + round, {
        requests: [ask(100, { team: 'none' })],
      });
      expect(changes.length).toBeLessThanOrEqual(mostRowsPerCommit);
    }
    expect(keysOf(stored)).toEqual(['deployment|east', 'line']);
    const { damaged, sums } = read(startMs + 200_000).decoded;
    expect(damaged).toEqual([]);
    expect(Object.keys(sums)).toEqual(['deployment|east']);
  });

  it('book teams with limits of their own after any number of deployments', () => {
    const { commit, configure, stored } = openPool(1);
    let nowMs = startMs;
    const teams = new Map([['team-0', { ...unknownTeam, tokensPerMinute: 5000 }]]);
    for (let generation = 0; generation < 4; generation += 1) {
      configure(
        Array.from({ length: 50 }, (_, index) => `generation-${generation}-${index}`),
        teams,
      );
      const requests = Array.from({ length: 80 }, () => ask(9000, { team: 'other' }));
      for (let round = 0; round < 2; round += 1) commit(nowMs, { requests });
      const { decision, changes } = commit(nowMs, { requests: [ask(100, { team: 'team-0' })] });
      expect(decision.results[0]?.outcome).toBe('booked');
      expect(changes.length).toBeLessThanOrEqual(mostRowsPerCommit);
      // Two of these generations are within one minute.
      if (generation === 1) nowMs += 200_000;
    }
    expect([...stored.keys()].filter((key) => key.includes('generation-0'))).toEqual([]);
  });

  it('keep what a team is given back although its ring is empty then', () => {
    const { commit, read } = openPool(1);
    const { decision } = commit(startMs, { requests: [ask(5000, { team: 'team-0' })] });
    const [result] = decision.results;
    if (result?.outcome !== 'booked') throw new Error('An empty pool has room.');
    commit(startMs + 10, { news: [{ kind: 'released', booking: result.booking }] });
    expect(read(startMs + 20).decoded.damaged).toEqual([]);
    expect(commit(startMs + 20, { requests: [ask(5000, { team: 'team-0' })] }).decision.results[0]?.outcome).toBe(
      'booked',
    );
  });

  /** A pool whose line has jobs of so many teams with long names and limits of their own in the lane of bulk work. */
  function openCrowd(teams: number) {
    const crowd = Array.from({ length: teams }, (_, index) => `${'t'.repeat(58)}.${index}`);
    const newcomers = Array.from({ length: 80 }, (_, index) => `${'n'.repeat(58)}.${index}`);
    const opened = openPool(1, [...crowd, ...newcomers]);
    const state = createPoolState();
    for (const team of crowd) {
      const line = createTeamLine('tokens', startMs);
      issueOwn(line, 'bulk', 4000);
      state.line.teams[team] = line;
      state.line.lanes.bulk.finishes[team] = 1234.567890123 + state.line.lanes.bulk.virtual;
    }
    for (const [key, text] of encodePool(state)) opened.stored.set(key, { key, text, version: '1' });
    return { ...opened, crowd, newcomers, size: () => opened.stored.get('line')?.text.length ?? 0 };
  }

  const isPutOff = (result: BookingResult | undefined) =>
    result?.outcome === 'wait' && result.reason === 'contention' && result.ticket === null;

  it('fit an entity with any number of active teams: further ones wait without a place, and come in when there are fewer', () => {
    const { commit, newcomers, crowd, size } = openCrowd(1800);
    expect(size()).toBeGreaterThan(400_000);
    const bulk = (team: string) => ask(4000, { team, lane: 'bulk' });
    const full = commit(startMs, { requests: newcomers.map(bulk) });
    expect(full.decision.results.filter(isPutOff)).toHaveLength(80);
    // Who is in line stays there, and nobody waits in a short lane for the backlog of another.
    const others = [bulk(crowd[7] ?? ''), ask(100, { team: newcomers[0] ?? '' })];
    expect(commit(startMs + 10, { requests: others }).decision.results.filter(isPutOff)).toEqual([]);
    expect(size()).toBeLessThan(520_000);
    for (let minute = 1; minute <= 4; minute += 1) commit(startMs + minute * 60_000, { requests: [ask(100)] });
    expect(size()).toBeLessThan(100_000);
    const again = commit(startMs + 300_000, { requests: newcomers.map(bulk) });
    expect(again.decision.results.filter(isPutOff)).toEqual([]);
  });

  it('still fit it when the last batch before the line is full brings as many teams as it can', () => {
    const { commit, newcomers, size } = openCrowd(1700);
    expect(size()).toBeLessThan(400_000);
    expect(size()).toBeGreaterThan(380_000);
    const requests = newcomers.map((team, index) => ask(4000, { team, lane: index % 2 === 0 ? 'bulk' : 'standard' }));
    expect(commit(startMs, { requests }).decision.results.filter(isPutOff)).toEqual([]);
    expect(size()).toBeLessThan(450_000);
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
