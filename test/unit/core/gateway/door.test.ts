import { afterEach, describe, expect, it } from 'vitest';
import { cancelJob } from '../../../../src/core/gateway/cancel-job.ts';
import { readJob } from '../../../../src/core/gateway/read-job.ts';
import type { Submitted } from '../../../../src/core/gateway/submit-job.ts';
import { WeirError } from '../../../../src/core/http/weir-error.ts';
import { RunningGateway } from '../../../support/running-gateway.ts';
import { minimalConfig } from '../config/minimal-config.ts';

/** A job of the gateway under test is charged 55 tokens at admission: this is one a second. */
const onePerSecond = 55 * 60;

let gateway: RunningGateway;
/** No worker takes messages yet. */
let isIdle = false;

afterEach(() => {
  gateway.expectSound();
  gateway.stop();
  isIdle = false;
});

interface Limits {
  readonly tokensPerMinute?: number;
  readonly requestsPerMinute?: number;
  readonly paused?: boolean;
}

function start(
  limits: readonly Limits[],
  rest: Record<string, unknown> = {},
  team: Record<string, unknown> = {},
): void {
  const { pools, teams } = minimalConfig();
  const [base] = pools[0]?.deployments ?? [];
  const deployments = limits.map((own, index) => ({ ...base, name: `d${index}`, ...own }));
  gateway = new RunningGateway({
    config: {
      pools: [{ model: 'gpt-4.1-mini', deployments }],
      teams: teams.map((one) => ({ ...one, ...team })),
      ...rest,
    },
  });
  if (!isIdle) void gateway.run();
}

type Told = Submitted | WeirError;

async function trySubmit(fields: Parameters<RunningGateway['submit']>[0] = {}): Promise<Told> {
  try {
    return await gateway.submit(fields);
  } catch (error) {
    if (error instanceof WeirError) return error;
    throw error;
  }
}

const isRefused = (told: Told): told is WeirError => told instanceof WeirError;
const many = (count: number, fields: Parameters<RunningGateway['submit']>[0] = {}) =>
  Promise.all(Array.from({ length: count }, () => trySubmit(fields)));

describe('a full door', () => {
  it('lets in exactly as many of a thousand at once as there are places', async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 20 } });
    const told = await many(1000);
    expect(told.filter((one) => !isRefused(one))).toHaveLength(20);
  });

  const fill = async () => {
    while (!(await many(5)).some(isRefused));
  };

  /** Twenty places, all taken, and a job a second. */
  const startFull = async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 20 } });
    // The first minute is full at once; after it the line moves at its pace.
    await fill();
    await gateway.clock.advance(75_000);
    await fill();
    await gateway.clock.advance(5000);
    await fill();
  };

  it('tells each refused caller a time at which coming back works', async () => {
    await startFull();

    const refused = (await many(12)).filter(isRefused);
    expect(refused.length).toBeGreaterThan(5);
    const hints = refused.map(({ retryAfterMs }) => retryAfterMs ?? 0).sort((left, right) => left - right);
    expect(hints.at(-1)).toBeGreaterThan((hints[0] ?? 0) + 2000);
    const startedAtMs = gateway.clock.now();
    for (const hintMs of hints) {
      await gateway.clock.advance(Math.max(0, startedAtMs + hintMs - gateway.clock.now()));
      expect(isRefused(await trySubmit()), `after ${hintMs} ms`).toBe(false);
    }
  });

  it('gives no caller who waits for a place the one that another was told to come back for', async () => {
    await startFull();

    const told = (await many(5)).flatMap((one) => (isRefused(one) ? [one.retryAfterMs ?? 0] : []));
    expect(told).toHaveLength(5);
    const startedAtMs = gateway.clock.now();
    const order: number[] = [];
    const waiting = Array.from({ length: 8 }, (_, number) =>
      trySubmit({ waitSeconds: 30 }).then((one) => isRefused(one) || order.push(number)),
    );
    for (const hintMs of told.toSorted((left, right) => left - right)) {
      // `Retry-After` is in whole seconds.
      const backAtMs = startedAtMs + Math.ceil(hintMs / 1000) * 1000;
      await gateway.clock.advance(Math.max(0, backAtMs - gateway.clock.now()));
      expect(isRefused(await trySubmit()), `after ${hintMs} ms`).toBe(false);
    }
    await gateway.clock.advance(30_000);
    await Promise.all(waiting);
    expect(order.length).toBeGreaterThan(5);
    expect(order).toEqual(order.toSorted((left, right) => left - right));
  });

  it('lets a caller who waits in as soon as more is free than others were told to come back for', async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 120 } });
    const accepted = (await many(120)).flatMap((one) => (isRefused(one) ? [] : [one.view.job.id]));
    await gateway.clock.advance(70_000);
    await fill();
    const told = (await many(10)).flatMap((one) => (isRefused(one) ? [one.retryAfterMs ?? 0] : []));
    const startedAtMs = gateway.clock.now();
    let inAfterMs = Number.NaN;
    void trySubmit({ waitSeconds: 30 }).then((one) => {
      if (!isRefused(one)) inAfterMs = gateway.clock.now() - startedAtMs;
    });
    await gateway.clock.advance(600);
    for (const id of accepted.slice(-20)) await cancelJob(gateway.ports, 'search', id, { erase: false });
    await gateway.clock.advance(4000);
    expect(inAfterMs).toBeLessThan(4600);
    expect(Math.max(...told)).toBeGreaterThan(9000);
  });

  it('tells a rush times of its own, as far off as all before it take', async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 20 } });
    const hints = (await many(220)).flatMap((one) => (isRefused(one) ? [one.retryAfterMs ?? 0] : []));
    expect(hints).toHaveLength(200);
    expect(new Set(hints).size).toBe(200);
    expect(Math.max(...hints) - Math.min(...hints)).toBeGreaterThan(190_000);
    expect(Math.max(...hints) - Math.min(...hints)).toBeLessThan(220_000);
  });

  it("tells a team at its own cap a time that works while another team's jobs go in", async () => {
    start([{ tokensPerMinute: onePerSecond * 4 }], {}, { maxQueuedJobs: 10 });
    await many(10);
    await gateway.clock.advance(1500);
    await many(10);
    const told = await trySubmit();
    if (!isRefused(told)) throw new Error('It was let in.');
    expect(isRefused(await trySubmit({ team: 'support' }))).toBe(false);
    await gateway.clock.advance(told.retryAfterMs ?? 0);
    expect(isRefused(await trySubmit())).toBe(false);
  });

  it('tells a job that would be late a time at which it would not be', async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 1000 } });
    await many(200);
    await gateway.clock.advance(10_000);
    const late = await trySubmit({ deadlineSeconds: 60 });
    if (!isRefused(late)) throw new Error('It was let in.');
    expect([late.code, late.message.includes('after its deadline')]).toEqual(['queue_full', true]);
    expect(late.retryAfterMs).toBeGreaterThan(10_000);
    await gateway.clock.advance((late.retryAfterMs ?? 0) - 5000);
    expect(isRefused(await trySubmit({ deadlineSeconds: 40 }))).toBe(true);
    await gateway.clock.advance(5000);
    expect(isRefused(await trySubmit({ deadlineSeconds: 60 }))).toBe(false);
  });

  it('keeps its memory flat: what was refused leaves nothing behind', async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 5 } });
    await many(10_000);
    expect(gateway.state.teams.get('search')?.jobs.size).toBe(5);
    expect(gateway.clock.sleeping).toBeLessThan(20);
    const walks = gateway.live.calls.filter((verb) => verb === 'listTeams').length;
    expect(walks).toBe(1);
  });
});

describe('a rush that no worker has had in hand yet', () => {
  const rush = async () => {
    start([{ tokensPerMinute: onePerSecond }], { limits: { maxQueuedJobs: 1000 } });
    const told: Submitted[] = [];
    for (let job = 0; job < 60; job += 1) {
      told.push(await gateway.submit({ lane: 'bulk', deadlineSeconds: 3600 }));
      await gateway.clock.advance(job % 20 === 19 ? 700 : 10);
    }
    return told;
  };

  it('is told places one behind the other', async () => {
    isIdle = true;
    const told = await rush();
    expect(told.map(({ view }) => view.forecast?.position)).toEqual(told.map((_, index) => index + 1));
    for (const index of [0, 25, 59]) {
      const job = told[index]?.view.job;
      const polled = job === undefined ? null : await readJob(gateway.ports, job.team, job.id, 0);
      expect(polled?.forecast?.position).toBe(index + 1);
    }
  });

  it('lets nobody in who would start past his deadline', async () => {
    isIdle = true;
    await rush();
    expect(isRefused(await trySubmit({ lane: 'bulk', deadlineSeconds: 40 }))).toBe(true);
    expect(isRefused(await trySubmit({ lane: 'bulk', deadlineSeconds: 70 }))).toBe(false);
  });

  it('is told starts that are true', async () => {
    isIdle = true;
    const told = await rush();
    void gateway.run();
    await gateway.clock.advance(120_000);
    for (const { view } of told) {
      const startedAtMs = gateway.job(view.job).end?.attempts[0]?.startedAtMs ?? 0;
      expect(Math.abs(startedAtMs - (view.forecast?.startAtMs ?? 0))).toBeLessThan(6000);
    }
  });
});

describe('a limit of nothing or next to nothing', () => {
  it.each<[string, readonly Limits[]]>([
    ['no tokens', [{ tokensPerMinute: 0 }]],
    ['no requests', [{ requestsPerMinute: 0 }]],
    ['neither', [{ tokensPerMinute: 0, requestsPerMinute: 0 }, { tokensPerMinute: 0 }]],
    ['a pause', [{ paused: true }]],
  ])('lets jobs wait for %s to be turned on, and go then', async (_what, limits) => {
    start(limits);
    const { view } = await gateway.submit();
    await gateway.clock.advance(120_000);
    expect([gateway.calls, gateway.liveRow(view.job)?.state]).toEqual([0, 'queued']);
    const [pool] = gateway.config.pools;
    if (pool === undefined) throw new Error('There is no pool.');
    const on = { tokensPerMinute: 10_000, requestsPerMinute: 60, paused: false };
    const deployments = pool.deployments.map((deployment) => ({ ...deployment, ...on }));
    gateway.config = { ...gateway.config, pools: [{ ...pool, deployments }] };
    await gateway.clock.advance(120_000);
    expect(gateway.job(view.job).end?.status).toBe('succeeded');
  });

  it.each([
    ['tokens', { tokensPerMinute: 0 }, 'team_tpm'],
    ['requests', { requestsPerMinute: 0 }, 'team_rpm'],
  ])("lets a team's jobs wait while it may send no %s", async (_what, team, reason) => {
    start([{}], {}, team);
    const { view } = await gateway.submit();
    await gateway.clock.advance(60_000);
    expect(gateway.calls).toBe(0);
    expect(gateway.liveRow(view.job)?.trail).toContainEqual(expect.objectContaining({ type: 'deferred', reason }));
  });

  it('sends one request a minute where one is allowed', async () => {
    start([{ requestsPerMinute: 1 }]);
    await many(3);
    await gateway.clock.advance(20_000);
    expect(gateway.calls).toBe(1);
    await gateway.clock.advance(60_000);
    expect(gateway.calls).toBe(2);
    await gateway.clock.advance(65_000);
    expect(gateway.calls).toBe(3);
  });

  it.each([
    [
      'deployment',
      [{ tokensPerMinute: 1 }],
      {},
      'the largest deployment of gpt-4.1-mini that lane standard may use allows 1 per minute',
    ],
    ['team', [{}], { tokensPerMinute: 1 }, 'your team may send 1 per minute'],
    ['team', [{ tokensPerMinute: 50 }], { tokensPerMinute: 40 }, 'your team may send 40 per minute'],
    ['deployment', [{ tokensPerMinute: 30 }, { tokensPerMinute: 0 }], { tokensPerMinute: 40 }, 'allows 30 per minute'],
  ])('refuses what is larger than the whole minute of a %s, naming it', async (_owner, limits, team, named) => {
    start(limits, {}, team);
    const told = await trySubmit();
    if (!isRefused(told)) throw new Error('It was let in.');
    expect([told.code, told.status]).toEqual(['invalid_request', 400]);
    expect(told.message).toContain('The request needs 55 tokens');
    expect(told.message).toContain(named);
  });

  it('lets wait what only a paused deployment could hold', async () => {
    start([{ tokensPerMinute: 40 }, { tokensPerMinute: 1000, paused: true }]);
    const { view } = await gateway.submit();
    await gateway.clock.advance(30_000);
    expect([gateway.calls, gateway.liveRow(view.job)?.state]).toEqual([0, 'queued']);
  });
});
