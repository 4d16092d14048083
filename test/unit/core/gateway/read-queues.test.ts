import { afterEach, beforeEach, expect, test } from 'vitest';
import { readQueues } from '../../../../src/core/gateway/read-queues.ts';
import { principalOf } from '../../../support/gateway-under-test.ts';
import { RunningGateway } from '../../../support/running-gateway.ts';
import { minimalConfig } from '../config/minimal-config.ts';

let gateway: RunningGateway;

beforeEach(() => {
  const { pools, teams } = minimalConfig();
  gateway = new RunningGateway({
    callMs: 500,
    config: {
      pools,
      teams: [{ ...teams[0], tokensPerMinute: 1000, requestsPerMinute: 20, maxQueuedJobs: 7 }, teams[1]],
      limits: { maxQueuedJobs: 50 },
    },
  });
});

afterEach(() => gateway.stop());

async function read(role: 'team' | 'operator', team = 'search') {
  const rows = (await readQueues(gateway.ports, principalOf(team, role))).data as readonly Record<string, unknown>[];
  return Object.fromEntries(rows.map((row) => [String(row['lane']), row]));
}

test('an operator sees what the ledger booked, a team what its own calls used and may still send', async () => {
  void gateway.run();
  await gateway.submit({ lane: 'bulk' });
  await gateway.submit({ lane: 'bulk', team: 'support' });
  await gateway.submit({ lane: 'interactive' });
  await gateway.clock.advance(5000);
  const all = await read('operator');
  expect(all['bulk']).toMatchObject({ requests_last_minute: 2, tokens_last_minute: 110, queue_capacity: 50 });
  expect(all['interactive']).toMatchObject({ requests_last_minute: 1, tokens_last_minute: 55 });
  expect(all['bulk']).toMatchObject({ tpm_remaining: 200_000 - 165, rpm_remaining: 1200 - 3 });
  const own = await read('team');
  // Answers report 20 + 10 tokens; 55 were booked for each and are not given back.
  expect(own['bulk']).toMatchObject({ requests_last_minute: 1, tokens_last_minute: 30, queue_capacity: 7 });
  expect(own['bulk']).toMatchObject({ tpm_remaining: 1000 - 110, rpm_remaining: 20 - 2 });
  expect((await read('team', 'support'))['bulk']).toMatchObject({ requests_last_minute: 1, queue_capacity: 50 });
  await gateway.clock.advance(65_000);
  expect((await read('operator'))['bulk']).toMatchObject({ requests_last_minute: 0, tokens_last_minute: 0 });
});

test('size and oldest age are those of the jobs that wait, the own ones for a team', async () => {
  await gateway.submit();
  await gateway.clock.advance(4000);
  await gateway.submit({ team: 'support' });
  await gateway.clock.advance(3000);
  expect((await read('operator'))['standard']).toMatchObject({ queue_size: 2, oldest_age_seconds: 7 });
  expect((await read('team', 'support'))['standard']).toMatchObject({ queue_size: 1, oldest_age_seconds: 3 });
  expect((await read('team'))['bulk']).toMatchObject({ queue_size: 0, oldest_age_seconds: 0 });
});

test("a model's quota is no other's: each is told by itself, within the team's own limit for it", async () => {
  await gateway.stop();
  const { pools, teams } = minimalConfig();
  const models = ['gpt-4.1-mini', 'gpt-4.1'];
  const [mini] = pools;
  const [search, support] = teams;
  gateway = new RunningGateway({
    callMs: 500,
    config: {
      pools: models.map((model) => ({ ...mini, model })),
      teams: [{ ...search, models, tokensPerMinute: 1000, requestsPerMinute: 20 }, support],
    },
  });
  void gateway.run();
  await gateway.submit({ lane: 'bulk' });
  await gateway.clock.advance(5000);
  const own = await read('team');
  expect(own['bulk']).toMatchObject({ tpm_remaining: 2000 - 55, rpm_remaining: 40 - 1 });
  expect(own['bulk']?.['models']).toEqual([
    { model: 'gpt-4.1-mini', tpm_remaining: 1000 - 55, rpm_remaining: 20 - 1 },
    { model: 'gpt-4.1', tpm_remaining: 1000, rpm_remaining: 20 },
  ]);
  expect((await read('team', 'support'))['bulk']?.['models']).toMatchObject([{ model: 'gpt-4.1-mini' }]);
});

test.each(['tokensPerMinute', 'requestsPerMinute'])(
  'with %s of its only deployment at 0 a model has nothing left',
  async (limit) => {
    await gateway.stop();
    const { pools, teams } = minimalConfig();
    const [mini] = pools;
    const deployments = mini?.deployments.slice(0, 1).map((each) => ({ ...each, [limit]: 0 }));
    gateway = new RunningGateway({ config: { pools: [{ ...mini, deployments }], teams } });
    expect((await read('operator'))['bulk']).toMatchObject({ tpm_remaining: 0, rpm_remaining: 0 });
  },
);
