import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { ScriptedUpstream } from '../../../support/scripted-upstream.ts';

let healthy: GatewayUnderTest;

beforeEach(() => {
  healthy = new GatewayUnderTest();
});

afterEach(() => {
  healthy.expectSound();
});

/** Another process over the same storage and capacity, with an upstream of its own. */
function processBeside(prepare: ScriptedUpstream['prepare']): GatewayUnderTest {
  const upstream = new ScriptedUpstream();
  upstream.prepare = prepare;
  return new GatewayUnderTest({ beside: healthy, upstream });
}

const noticesOf = (gateway: GatewayUnderTest) =>
  gateway.events.flatMap((event) => (event.type === 'notice' ? [event.name] : []));

describe('a process without a credential', () => {
  test('leaves its jobs to others, tells no shared row and uses up no attempt', async () => {
    const sick = processBeside(async () => false);
    const job = await healthy.accept();
    expect(await healthy.finish(sick.wake(job))).toBe('parked');
    expect(sick.upstream.calls).toHaveLength(0);
    expect(healthy.capacity.reports).toEqual([]);
    expect(healthy.capacity.released).toHaveLength(healthy.capacity.booked.length);
    expect(healthy.liveRow(job)).toMatchObject({ state: 'queued', attempt: 0, rescues: 0 });
    expect(healthy.liveRow(job)?.trail.at(-1)).toMatchObject({ type: 'deferred', reason: 'credential_unavailable' });
    await healthy.clock.advance(10_000);
    await healthy.finish(healthy.wake(job));
    expect(healthy.job(job).end).toMatchObject({ status: 'succeeded' });
  });

  test('goes to a deployment whose credential it has, and stays away from the other for some seconds', async () => {
    const asked: string[] = [];
    const half = processBeside(async ({ name }) => {
      asked.push(name);
      return name !== 'eastus';
    });
    const jobs = [await healthy.accept(), await healthy.accept(), await healthy.accept()];
    for (const job of jobs) await healthy.finish(half.wake(job));
    expect(half.upstream.calls.map(({ deployment }) => deployment.name)).toEqual(Array(3).fill('westeurope'));
    expect(asked.filter((name) => name === 'eastus')).toHaveLength(1);
    expect(noticesOf(half).filter((name) => name === 'credential_unavailable')).toHaveLength(1);
  });
});

describe('a process that has just started', () => {
  test('sends nothing later than booked, however long the SDK and the token take', async () => {
    let isCold = true;
    const fresh = processBeside(async () => {
      if (isCold) await healthy.clock.sleep(1500);
      isCold = false;
      return true;
    });
    const sentAtMs: number[] = [];
    fresh.upstream.script('*', async () => {
      sentAtMs.push(healthy.clock.now());
      return { kind: 'unanswered', fault: 'connect', sent: false, statusCode: null, latencyMs: 0 };
    });
    const job = await healthy.accept();
    await healthy.finish(fresh.wake(job));
    const [first, second] = healthy.capacity.booked;
    expect(healthy.capacity.released).toContain(first);
    expect(sentAtMs[0]).toBe(second?.sendAtMs);
  });

  test('waits for a token that ran out during the claim before it judges lateness', async () => {
    let asks = 0;
    const fresh = processBeside(async () => {
      asks += 1;
      if (asks === 2) await healthy.clock.sleep(1500);
      return true;
    });
    const job = await healthy.accept();
    await healthy.finish(fresh.wake(job));
    const [first, second] = healthy.capacity.booked;
    expect(healthy.capacity.released).toEqual([first]);
    expect(healthy.capacity.reports.map(({ booking, sentAtMs }) => [booking, sentAtMs])).toEqual([
      [second, second?.sendAtMs],
    ]);
  });
});
