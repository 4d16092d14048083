import { expect, test } from 'vitest';
import { MemoryLiveJobStore } from '../../../../src/core/adapters/memory/live-job-store.ts';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import type { Ports } from '../../../../src/core/gateway/ports.ts';
import { sweep } from '../../../../src/core/gateway/sweep.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { makeSampleId, makeSampleJob, makeSampleLive } from '../../../support/sample-jobs.ts';

/** The timer's interval (WEIR_SWEEP_SCHEDULE): a sweep that takes longer is followed by none for a while. */
const intervalMs = 15_000;
/** Round trip of a table or queue in one region, on the slow side. */
const tripMs = 20;
const overdueJobs = 10_000;

/** A port whose every call takes a round trip of virtual time. */
function far<T extends object>(gateway: GatewayUnderTest, port: T): T {
  return new Proxy(port, {
    get: (target, verb) => {
      const member: unknown = Reflect.get(target, verb);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        await gateway.clock.sleep(tripMs);
        return member.apply(target, args);
      };
    },
  });
}

/** Storage of so many teams with overdue jobs between them: what an outage of the queue leaves behind. */
function leaveOverdue(gateway: GatewayUnderTest, teams: number): void {
  const nowMs = gateway.clock.now();
  for (let number = 0; number < overdueJobs; number += 1) {
    const team = `team-${number % teams}`;
    const job = makeSampleJob(team, { id: makeSampleId(nowMs + number), createdAtMs: nowMs });
    gateway.state.registered.add(team);
    openTeam(gateway.state, team).jobs.set(job.id, job);
    openTeam(gateway.state, team).live.set(job.id, { value: makeSampleLive(job), version: `v${number}` });
  }
}

function portsFarAway(gateway: GatewayUnderTest): Ports {
  const live = far(gateway, new MemoryLiveJobStore(gateway.state));
  const { jobs, wakeQueue } = gateway.ports;
  return { ...gateway.ports, live, jobs: far(gateway, jobs), wakeQueue: far(gateway, wakeQueue) };
}

test.each([1, 100, 1000])('mends 10,000 overdue jobs of %i teams within its interval', async (teams) => {
  const gateway = new GatewayUnderTest();
  leaveOverdue(gateway, teams);
  await gateway.clock.advance(60_000);
  const startedAtMs = gateway.clock.now();
  const tally = await gateway.finish(sweep(portsFarAway(gateway)));
  const tookMs = gateway.clock.now() - startedAtMs;
  expect(tally).toMatchObject({ looked: overdueJobs, resent: overdueJobs, failedJobs: 0 });
  expect(tookMs).toBeLessThan(intervalMs);
});
