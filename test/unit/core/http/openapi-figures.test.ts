import { expect, it } from 'vitest';
import type { z } from 'zod';
import { MemoryDeadLetters } from '../../../../src/core/adapters/memory/dead-letters.ts';
import { MemoryJobStore } from '../../../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../../../src/core/adapters/memory/live-job-store.ts';
import { makeMemoryState } from '../../../../src/core/adapters/memory/memory-state.ts';
import { MemoryUsageStore } from '../../../../src/core/adapters/memory/usage-store.ts';
import type { DeploymentView, LaneView } from '../../../../src/core/capacity/capacity.ts';
import { Census } from '../../../../src/core/gateway/census.ts';
import type { Ports } from '../../../../src/core/gateway/ports.ts';
import { readBudget } from '../../../../src/core/gateway/read-budget.ts';
import { readDeployments } from '../../../../src/core/gateway/read-deployments.ts';
import { readQueues } from '../../../../src/core/gateway/read-queues.ts';
import {
  budgetSchema,
  deploymentListSchema,
  queueListSchema,
} from '../../../../src/core/http/openapi/figure-schemas.ts';
import type { Principal } from '../../../../src/core/identity/principal.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { exampleConfig } from '../config/example.ts';

const state = makeMemoryState();
const clock = new VirtualClock();
const live = new MemoryLiveJobStore(state);
const view: DeploymentView = {
  deployment: 'eastus',
  region: 'eastus',
  health: 'ejected',
  breaker: 'half-open',
  breakerReason: 'failure_rate',
  breakerSinceMs: 1_790_000_000_123,
  nextProbeAtMs: 1_790_000_030_123,
  load: 0.123456,
  tokensLastMinute: 12,
  requestsLastMinute: 1,
  tokensRemaining: 88,
  requestsRemaining: 9,
  tokensPerMinute: 100,
  requestsPerMinute: 10,
  firstByteMs: 812.345,
  msPerOutputToken: 12.345,
  heardMs: 0,
  calibration: 1.0234,
  driftCount: 1,
  failoversFrom: 1,
  failoversTo: 2,
};
const quiet: DeploymentView = {
  ...view,
  health: 'healthy',
  breaker: 'closed',
  breakerReason: null,
  breakerSinceMs: null,
  nextProbeAtMs: null,
  firstByteMs: null,
  msPerOutputToken: null,
};
const lane: LaneView = { lane: 'bulk', tokensWaiting: 0, tokensLastMinute: 55, requestsLastMinute: 1 };
const config = exampleConfig();
/** What these three use cases look at. */
const parts: Pick<Ports, 'clock' | 'jobs' | 'live' | 'usage' | 'deadLetters' | 'census'> = {
  clock,
  jobs: new MemoryJobStore(state),
  live,
  usage: new MemoryUsageStore(state),
  deadLetters: new MemoryDeadLetters(),
  census: new Census({ store: live, clock }),
};
const ports = {
  ...parts,
  config: { current: () => config },
  capacity: {
    view: async () => [view, quiet],
    lanes: async () => [lane],
    usedBy: async () => ({ tokens: 0, requests: 0 }),
  },
} as unknown as Ports;

const team = config.teams[0]?.id ?? '';
const principals: readonly Principal[] = [
  { team, role: 'team', authenticatedBy: 'key' },
  { team, role: 'operator', authenticatedBy: 'key' },
];

it.each<[string, z.ZodType, (principal: Principal) => Promise<unknown>]>([
  ['budgets', budgetSchema, (principal) => readBudget(ports, principal, team)],
  ['queues', queueListSchema, (principal) => readQueues(ports, principal)],
  ['deployments', deploymentListSchema, (principal) => readDeployments(ports, principal)],
])('%s are told as the document has it, to teams and operators', async (_name, schema, read) => {
  for (const principal of principals) {
    const result = schema.safeParse(JSON.parse(JSON.stringify(await read(principal))));
    expect(result.success ? [] : result.error.issues).toEqual([]);
  }
});

it('a team without a budget has no limit and nothing left to tell', async () => {
  const free = { ...ports, config: { current: () => ({ ...config, teams: [{ ...config.teams[0], budget: null }] }) } };
  const answer = await readBudget(free as unknown as Ports, principals[0]!, team);
  expect(budgetSchema.parse(answer)).toMatchObject({ monthly_usd: null, remaining_usd: null, hard: false });
});
