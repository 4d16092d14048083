import { expect, test } from 'vitest';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { type PoolUse, remainingQuota } from '../../../../src/core/gateway/remaining-quota.ts';
import { ScriptedCapacity } from '../../../support/scripted-capacity.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { deployment } from '../capacity/sample-pool.ts';

const [east, west] = await new ScriptedCapacity(new VirtualClock(), ['east', 'west']).view();
if (east === undefined || west === undefined) throw new Error('Two deployments were asked for.');
const use: PoolUse = {
  model: 'model',
  isPaused: false,
  deployments: [deployment(), deployment({ name: 'west' })],
  views: [
    { ...east, requestsRemaining: 100, tokensRemaining: 1000 },
    { ...west, requestsRemaining: 20, tokensRemaining: 200 },
  ],
  usedByTeam: { requests: 0, tokens: 0 },
};

test('what is left of a model is what its deployments have left', () => {
  expect(remainingQuota(use, 'bulk')).toEqual({ requests: 120, tokens: 1200 });
});

test.each(['ejected', 'cooling', 'probing', 'paused'] as const)(
  'a deployment that is %s has nothing left',
  (health) => {
    const views = use.views.map((view) => (view.deployment === 'east' ? { ...view, health } : view));
    expect(remainingQuota({ ...use, views }, 'bulk')).toEqual({ requests: 20, tokens: 200 });
  },
);

test('a lane that may not spill over has what is provisioned', () => {
  const deployments = [deployment({ isProvisioned: true }), deployment({ name: 'west', spill: ['interactive'] })];
  expect(remainingQuota({ ...use, deployments }, 'bulk')).toEqual({ requests: 100, tokens: 1000 });
  expect(remainingQuota({ ...use, deployments }, 'interactive')).toEqual({ requests: 120, tokens: 1200 });
});

test("a team's own limits leave less, never less than nothing", () => {
  const own = { ...unknownTeam, tokensPerMinute: 500, requestsPerMinute: 10 };
  const used = { ...use, usedByTeam: { requests: 11, tokens: 100 } };
  expect(remainingQuota(used, 'bulk', own)).toEqual({ requests: 0, tokens: 400 });
});

test('a pool or a team that is paused has nothing left', () => {
  const nothing = { requests: 0, tokens: 0 };
  expect(remainingQuota({ ...use, isPaused: true }, 'bulk')).toEqual(nothing);
  expect(remainingQuota(use, 'bulk', { ...unknownTeam, isPaused: true })).toEqual(nothing);
});

test('a limit of 0 of a team leaves it neither tokens nor requests', () => {
  const nothing = { requests: 0, tokens: 0 };
  expect(remainingQuota(use, 'bulk', { ...unknownTeam, tokensPerMinute: 0 })).toEqual(nothing);
  expect(remainingQuota(use, 'bulk', { ...unknownTeam, requestsPerMinute: 0 })).toEqual(nothing);
});
