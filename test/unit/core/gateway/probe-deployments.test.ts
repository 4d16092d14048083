import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryCapacityStore } from '../../../../src/core/adapters/memory/capacity-store.ts';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import { createPoolLimitsReader } from '../../../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../../../src/core/capacity/pooled-capacity.ts';
import type { PoolConfig } from '../../../../src/core/config/config-schema.ts';
import type { Ports } from '../../../../src/core/gateway/ports.ts';
import { probeDeployments } from '../../../../src/core/gateway/probe-deployments.ts';
import { runJob } from '../../../../src/core/gateway/run-job.ts';
import { sweep } from '../../../../src/core/gateway/sweep.ts';
import { breakerPolicy } from '../../../../src/core/routing/breaker-policy.ts';
import { planProbe, probeTeam } from '../../../../src/core/routing/plan-probe.ts';
import { findViolations } from '../../../support/check-invariants.ts';
import { GatewayUnderTest, storageAway } from '../../../support/gateway-under-test.ts';
import { answer, answerAfter, hang, refusal } from '../../../support/scripted-upstream.ts';

const model = 'gpt-4.1-mini';
let gateway: GatewayUnderTest;
let store: MemoryCapacityStore;

/** A process with the real pool over the shared rows. */
function withPool(own: GatewayUnderTest): Ports {
  const { clock, random, telemetry, config } = own.ports;
  const limits = createPoolLimitsReader(() => config.current());
  return {
    ...own.ports,
    capacity: new PooledCapacity({ store, clock, random, telemetry, health: breakerPolicy, limits }),
  };
}

/** Opens the breaker of a deployment as four failed calls do. */
async function trip(ports: Ports, deployment: string, reason = 'server_error_503'): Promise<void> {
  for (let count = 0; count < 4; count += 1) {
    const asked = ports.capacity.book({
      jobId: `job_${deployment}_${count}`,
      team: 'search',
      model,
      lane: 'interactive',
      estimate: { inputTokens: 5, outputTokens: 10, promptCharacters: 20, imposedOutputCap: null },
      ticket: null,
      deadlineAtMs: ports.clock.now() + 60_000,
      exclude: [],
      only: deployment,
      urgent: true,
    });
    const result = await gateway.finish(asked);
    if (result.outcome !== 'booked') throw new Error(`Not booked: ${result.outcome}`);
    ports.capacity.report({
      booking: result.booking,
      jobId: result.booking.id,
      endpoint: '/v1/chat/completions',
      sentAtMs: result.booking.sendAtMs,
      outcome: 'failed',
      reason,
      statusCode: 503,
      health: 'bad',
      throttle: null,
      coolDownMs: null,
      remainingTokens: null,
      limitTokens: null,
      firstByteMs: null,
      latencyMs: 5,
      usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    });
    await gateway.clock.advance(100);
  }
}

const healthOf = async (ports: Ports) => (await ports.capacity.view(model)).map(({ health }) => health);
const accounts = () => [...openTeam(gateway.state, '~probe').usage.values()];

beforeEach(() => {
  gateway = new GatewayUnderTest();
  store = new MemoryCapacityStore(() => gateway.clock.now());
});

describe('the probe timer', () => {
  it('calls nobody while all is well', async () => {
    expect(await gateway.finish(probeDeployments(withPool(gateway)))).toEqual({ out: 0, called: 0 });
    expect(gateway.upstream.calls).toEqual([]);
  });

  it('tests a deployment that is out, once its break is over, and closes its breaker', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus');
    const trippedAtMs = gateway.clock.now();
    expect(await gateway.finish(probeDeployments(ports))).toEqual({ out: 1, called: 1 });
    expect(gateway.upstream.calls.map(({ deployment }) => deployment.name)).toEqual(['eastus']);
    expect(gateway.clock.now() - trippedAtMs).toBeGreaterThanOrEqual(5000);
    await gateway.clock.advance(2000);
    expect(await healthOf(ports)).toEqual(['healthy', 'healthy']);
    expect(gateway.notices('breaker_closed')).toHaveLength(1);
  });

  it('does so at the first look, whatever fraction of a millisecond that is over at', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus', 'first_byte_timeout');
    const { capacity } = ports;
    const view = capacity.view.bind(capacity);
    capacity.view = async (name) => {
      await gateway.clock.sleep(10.4);
      return view(name);
    };
    expect(await gateway.finish(probeDeployments(ports))).toEqual({ out: 1, called: 1 });
  });

  it('puts what the probe cost on an account of its own', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus');
    await gateway.finish(probeDeployments(ports));
    expect(accounts()).toMatchObject([
      { team: '~probe', deployment: 'eastus', project: 'probe', outcome: 'succeeded', measured: true },
    ]);
    expect(accounts()[0]?.costNanoUsd).toBeGreaterThan(0);
    const [budget] = [...openTeam(gateway.state, '~probe').budgets.values()];
    expect(budget?.value).toMatchObject({ heldNanoUsd: 0, spentNanoUsd: accounts()[0]?.costNanoUsd });
    expect(findViolations(gateway.state)).toEqual([]);
  });

  it('leaves a deployment out that fails again', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus');
    gateway.upstream.script('eastus', refusal(503, 'overloaded'));
    await gateway.finish(probeDeployments(ports));
    await gateway.clock.advance(100);
    expect(await healthOf(ports)).toEqual(['ejected', 'healthy']);
    expect(accounts()).toMatchObject([{ outcome: 'failed', statusCode: 503, costNanoUsd: 0 }]);
    expect(findViolations(gateway.state)).toEqual([]);
  });

  it('leaves a deployment out that never answers, and books what it may have cost', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus');
    gateway.upstream.script('eastus', async (request, signal) => {
      await answerAfter(gateway.clock, request.firstByteMs)(request, signal);
      return {
        kind: 'unanswered',
        fault: 'first_byte_timeout',
        sent: true,
        statusCode: null,
        latencyMs: request.firstByteMs,
      };
    });
    await gateway.finish(probeDeployments(ports));
    await gateway.clock.advance(100);
    expect(gateway.upstream.calls[0]?.firstByteMs).toBeLessThanOrEqual(10_000);
    expect(await healthOf(ports)).toEqual(['ejected', 'healthy']);
    expect(accounts()).toMatchObject([{ outcome: 'unknown', measured: false }]);
  });

  it('makes one probe among two processes whose timers strike together', async () => {
    const second = new GatewayUnderTest({ beside: gateway });
    const [one, other] = [withPool(gateway), withPool(second)];
    await trip(one, 'eastus');
    const tallies = await gateway.finish(Promise.all([probeDeployments(one), probeDeployments(other)]));
    expect(tallies.map(({ called }) => called).toSorted()).toEqual([0, 1]);
    expect(gateway.upstream.calls).toHaveLength(1);
  });

  it('is ended by the sweep when its process is lost, and wakes nobody', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus');
    gateway.upstream.script('eastus', hang());
    const lost = probeDeployments(ports);
    while (gateway.upstream.calls.length === 0) await gateway.clock.advance(500);
    const probes = openTeam(gateway.state, probeTeam);
    for (const [id, row] of probes.live)
      probes.live.set(id, { ...row, value: { ...row.value, lease: { holder: 'dead', untilMs: 0 } } });
    gateway.jobs.fail('readLive', storageAway, 5);
    const swept = sweep(new GatewayUnderTest({ beside: gateway }).ports);
    expect(await gateway.finish(swept)).toMatchObject({ ended: 1, rescued: 0 });
    expect([...probes.jobs.values()].map(({ end }) => [end?.status, end?.error?.code])).toEqual([
      ['failed', 'worker_lost'],
    ]);
    expect(accounts()).toMatchObject([{ outcome: 'unknown', measured: false }]);
    expect(Object.values(gateway.state.queues).flat()).toEqual([]);
    await gateway.finish(lost);
  });

  it('leaves the testing to work where there is work', async () => {
    const ports = withPool(gateway);
    await trip(ports, 'eastus');
    const job = await gateway.accept();
    const timer = probeDeployments(ports);
    await gateway.clock.advance(5500);
    gateway.upstream.script('eastus', answerAfter(gateway.clock, 3000, answer()));
    await gateway.finish(runJob(ports, { team: job.team, job: job.id }));
    expect(await gateway.finish(timer)).toMatchObject({ called: 0 });
    expect(gateway.upstream.calls.map(({ deployment }) => deployment.name)).toEqual(['eastus']);
  });

  it('gives a booking back that is no probe: the deployment is well by now', async () => {
    const real = withPool(gateway);
    await trip(real, 'eastus');
    const views = await real.capacity.view(model);
    await gateway.clock.advance(20_000);
    const ports = { ...gateway.ports, capacity: gateway.capacity };
    gateway.capacity.view = async () => views;
    expect(await gateway.finish(probeDeployments(ports))).toEqual({ out: 1, called: 0 });
    expect(gateway.capacity.released).toEqual(gateway.capacity.booked);
    expect(gateway.capacity.booked).toHaveLength(1);
    expect(gateway.upstream.calls).toEqual([]);
  });

  it('books as far ahead as its own acceptance takes', async () => {
    const real = withPool(gateway);
    await trip(real, 'eastus');
    const views = await real.capacity.view(model);
    await gateway.clock.advance(20_000);
    for (const claimMs of [40, 40]) gateway.ports.claimPace.note(claimMs);
    const ports = { ...gateway.ports, capacity: gateway.capacity };
    gateway.capacity.view = async () => views;
    await gateway.finish(probeDeployments(ports));
    expect(gateway.capacity.requests.map(({ claimMs }) => claimMs)).toEqual([3 * 48]);
  });

  it('sends nothing past the deadline of the probe, however punctual', async () => {
    const real = withPool(gateway);
    await trip(real, 'eastus');
    const views = await real.capacity.view(model);
    const ports = { ...gateway.ports, capacity: gateway.capacity };
    gateway.capacity.view = async () => views;
    gateway.capacity.script((request) => {
      const result = gateway.capacity.bookFor(request, request.deadlineAtMs + 100);
      return result.outcome === 'booked' ? { ...result, booking: { ...result.booking, why: 'probe' } } : result;
    });
    expect(await gateway.finish(probeDeployments(ports))).toEqual({ out: 1, called: 0 });
    expect(gateway.upstream.calls).toEqual([]);
    expect(gateway.capacity.released).toEqual(gateway.capacity.booked);
    expect(accounts()).toEqual([]);
    expect(findViolations(gateway.state)).toEqual([]);
  });

  it.each<[PoolConfig['endpoints'], readonly string[]]>([
    [['/v1/embeddings'], ['model', 'input']],
    [['/v1/responses'], ['model', 'input', 'max_output_tokens']],
    [
      ['/v1/responses', '/v1/chat/completions'],
      ['model', 'messages', 'max_completion_tokens'],
    ],
  ])('asks for what the pool serves (%j)', (endpoints, fields) => {
    const config = gateway.config;
    const [first] = config.pools;
    if (first === undefined) throw new Error('No pool');
    const pool = { ...first, endpoints };
    const { random, sha256 } = gateway.ports;
    const given = { now: gateway.clock.now(), random, sha256, traceparent: '' };
    const { job, body } = planProbe({ config, pool, deployment: 'eastus' }, given);
    expect([job.endpoint, Object.keys(body)]).toEqual([endpoints.at(-1), fields]);
  });
});
