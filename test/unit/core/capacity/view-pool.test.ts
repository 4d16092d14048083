import { expect, test } from 'vitest';
import { createPoolState } from '../../../../src/core/capacity/pool-state.ts';
import { viewDeployments, viewTeam } from '../../../../src/core/capacity/view-pool.ts';
import { ask, batch, deployment, pool, startMs } from './sample-pool.ts';
import { readDamaged, wakeDue } from './wake-due.ts';

const own = { share: 1, isPaused: false, tokensPerMinute: 4000, requestsPerMinute: null };
const limits = pool({ teams: new Map([['search', own]]) });

/** A pool that has just sent one job of the team, and what the next process makes of it after one of its rows was emptied. */
function lose(key: string) {
  const { state } = wakeDue(createPoolState(), [{ request: ask(1000), dueMs: startMs }], { limits, nowMs: startMs });
  return readDamaged(state, { key, text: '{}' }, { limits, nowMs: startMs, lastLine: state.line });
}

test('a deployment whose ring was lost has nothing left from the first moment of its minute to the last', () => {
  const state = lose('deployment|east');
  const seenAt = (nowMs: number) => viewDeployments(batch({ state, limits, nowMs }))[0];
  for (let laterMs = 0; laterMs <= 60_000; laterMs += 1000) {
    expect(seenAt(startMs + laterMs)).toMatchObject({ tokensRemaining: 0, load: 1 });
  }
  // Nobody knows of anything that was sent.
  expect(seenAt(startMs)?.tokensLastMinute).toBe(0);
  expect(seenAt(startMs + 130_000)).toMatchObject({ tokensRemaining: 10_000, load: 0 });
});

test('a team whose ring was lost has all of its own limit used, from that moment on', () => {
  const state = lose('team|search');
  const usedAt = (nowMs: number) => viewTeam(batch({ state, limits, nowMs }), 'search').tokens;
  expect([usedAt(startMs), usedAt(startMs + 30_000), usedAt(startMs + 130_000)]).toEqual([4000, 4000, 0]);
});

test.each([
  ['its tokens', { tokensPerMinute: 0 }],
  ['its requests', { requestsPerMinute: 0 }],
])('a limit of 0 on %s takes a deployment out as a pause does, and its neighbour stays', (_name, limit) => {
  const switched = pool({ deployments: [deployment(limit), deployment({ name: 'west' })] });
  const views = viewDeployments(batch({ limits: switched }));
  expect(views.map(({ health }) => health)).toEqual(['paused', 'healthy']);
});
