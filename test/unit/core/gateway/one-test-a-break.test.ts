import { expect, it } from 'vitest';
import { MemoryCapacityStore } from '../../../../src/core/adapters/memory/capacity-store.ts';
import { createPoolLimitsReader } from '../../../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../../../src/core/capacity/pooled-capacity.ts';
import type { Ports } from '../../../../src/core/gateway/ports.ts';
import { probeDeployments } from '../../../../src/core/gateway/probe-deployments.ts';
import { runJob } from '../../../../src/core/gateway/run-job.ts';
import { breakerPolicy } from '../../../../src/core/routing/breaker-policy.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { refusal } from '../../../support/scripted-upstream.ts';

/** Breaks of 5, 8 and 8 s, each ended within half a second by a job's test that fails; the fourth lasts until 29 s at least. */
const watchedMs = 28_000;

it('two processes with work and timers make exactly one test of a region after each break', async () => {
  const gateway = new GatewayUnderTest();
  const { clock } = gateway;
  const store = new MemoryCapacityStore(() => clock.now());
  const calledMs: number[] = [];
  const isOut = refusal(503, 'ServiceUnavailable');
  for (let count = 0; count < 40; count += 1) {
    gateway.upstream.script('eastus', async () => {
      calledMs.push(clock.now());
      return isOut;
    });
  }
  const processes = [gateway, new GatewayUnderTest({ beside: gateway })].map(({ ports }): Ports => {
    const { random, telemetry, config } = ports;
    const limits = createPoolLimitsReader(() => config.current());
    const health = breakerPolicy;
    return { ...ports, capacity: new PooledCapacity({ store, clock, random, telemetry, health, limits }) };
  });
  const work = async () => {
    for (const ports of processes) {
      void gateway.accept().then(({ team, id: job }) => runJob(ports, { team, job }));
    }
    await clock.advance(500);
  };
  const opened = () => gateway.notices('breaker_opened').length;
  for (let count = 0; count < 40 && opened() === 0; count += 1) await work();
  expect(opened()).toBe(1);
  const openedMs = clock.now();
  // What was under way when it opened is no test.
  await clock.advance(2000);
  const before = calledMs.length;
  for (let lookMs = clock.now(); clock.now() < openedMs + watchedMs; await work()) {
    if (clock.now() < lookMs) continue;
    for (const ports of processes) void probeDeployments(ports);
    lookMs = clock.now() + 5000;
  }
  const tests = calledMs.slice(before);
  const breaks = tests.slice(1).map((atMs, index) => atMs - (tests[index] ?? 0));
  expect(tests).toHaveLength(3);
  expect(breaks.filter((breakMs) => breakMs < 8000)).toEqual([]);
});
