import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryCapacityStore } from '../../../../src/core/adapters/memory/capacity-store.ts';
import type { Booking, BookingRequest, BookingResult, CallReport } from '../../../../src/core/capacity/capacity.ts';
import { PooledCapacity } from '../../../../src/core/capacity/pooled-capacity.ts';
import { breakerPolicy } from '../../../../src/core/routing/breaker-policy.ts';
import type { TelemetryEvent } from '../../../../src/core/telemetry/telemetry.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const model = 'gpt-4.1-mini';
const estimate = { inputTokens: 25, outputTokens: 50, promptCharacters: 100, imposedOutputCap: null };
const limitsOf = (name: string) => ({
  name,
  region: name,
  priority: 1,
  isProvisioned: false,
  isPaused: false,
  tokensPerMinute: 100_000,
  requestsPerMinute: 6000,
  requestWindowSeconds: 10,
  spill: [],
});

let clock: VirtualClock;
let store: MemoryCapacityStore;
let notices: TelemetryEvent[];
let jobs = 0;

/** One process over the shared rows. */
function startProcess(deployments: readonly string[] = ['eastus', 'westeurope', 'eastasia']): PooledCapacity {
  return new PooledCapacity({
    store,
    clock,
    random: { next: () => 0.5, hex: () => '00' },
    telemetry: { track: (event) => void notices.push(event), flush: async () => {} },
    health: breakerPolicy,
    limits: () => ({
      model,
      isPaused: false,
      loadThreshold: 0.8,
      deployments: deployments.map(limitsOf),
      teams: new Map(),
    }),
  });
}

function ask(process: PooledCapacity, more: Partial<BookingRequest> = {}): Promise<BookingResult> {
  jobs += 1;
  return process.book({
    jobId: `job_${jobs}`,
    team: 'search',
    model,
    lane: 'standard',
    estimate,
    ticket: null,
    deadlineAtMs: clock.now() + 600_000,
    exclude: [],
    urgent: true,
    ...more,
  });
}

async function book(process: PooledCapacity, more: Partial<BookingRequest> = {}): Promise<BookingResult> {
  const booked = ask(process, more);
  await clock.advance(200);
  return booked;
}

function bookingOf(result: BookingResult): Booking {
  if (result.outcome !== 'booked') throw new Error(`Not booked: ${JSON.stringify(result)}`);
  return result.booking;
}

async function report(process: PooledCapacity, booking: Booking, how: Partial<CallReport> = {}): Promise<void> {
  process.report({
    booking,
    jobId: booking.id.slice(0, booking.id.indexOf('@')),
    endpoint: '/v1/chat/completions',
    sentAtMs: booking.sendAtMs,
    outcome: 'failed',
    reason: 'server_error_503',
    statusCode: 503,
    health: 'bad',
    throttle: null,
    coolDownMs: null,
    remainingTokens: null,
    limitTokens: null,
    firstByteMs: null,
    latencyMs: 10,
    usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    ...how,
  });
  await clock.advance(50);
}

/** Four failed calls of one process. */
async function trip(process: PooledCapacity, deployment: string): Promise<void> {
  for (let count = 0; count < 4; count += 1)
    await report(process, bookingOf(await book(process, { only: deployment })));
}

const answered = { outcome: 'succeeded', reason: null, statusCode: 200, health: 'good', firstByteMs: 100 } as const;
const names = () => notices.map((event) => (event.type === 'notice' ? event.name : event.type));

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryCapacityStore(() => clock.now());
  notices = [];
});

describe('two processes over one pool', () => {
  it('share a breaker: one trips it, the other sends nothing more there at its next booking', async () => {
    const [first, second] = [startProcess(), startProcess()];
    expect(bookingOf(await book(second, { only: 'eastus' })).deployment).toBe('eastus');
    await trip(first, 'eastus');
    const chosen = new Set<string>();
    for (let count = 0; count < 12; count += 1) chosen.add(bookingOf(await book(second)).deployment);
    expect(chosen).toEqual(new Set(['westeurope', 'eastasia']));
    const view = (await second.view(model)).find(({ deployment }) => deployment === 'eastus');
    expect(view).toMatchObject({ health: 'ejected', breaker: 'open', breakerReason: 'server_error_503' });
  });

  it('give out exactly one probe after the break', async () => {
    const [first, second] = [startProcess(), startProcess()];
    await trip(first, 'eastus');
    await clock.advance(6000);
    const asked = await Promise.all([book(first), book(second), book(first), book(second), book(first), book(second)]);
    const onEastus = asked.map(bookingOf).filter(({ deployment }) => deployment === 'eastus');
    expect(onEastus.map(({ why }) => why)).toEqual(['probe']);
  });

  it('close it for both when the probe succeeds, and tell operators of each change once', async () => {
    const [first, second] = [startProcess(), startProcess()];
    await trip(first, 'eastus');
    await clock.advance(6000);
    const probe = bookingOf(await book(second, { only: 'eastus' }));
    await report(second, probe, answered);
    expect(names().filter((name) => name.startsWith('breaker'))).toEqual(['breaker_opened', 'breaker_closed']);
    await clock.advance(2000);
    expect((await first.view(model)).map(({ health }) => health)).toEqual(['healthy', 'healthy', 'healthy']);
  });

  it('hand a probe that was not sent to whoever comes next', async () => {
    const [first, second] = [startProcess(), startProcess()];
    await trip(first, 'eastus');
    await clock.advance(6000);
    const probe = bookingOf(await book(first, { only: 'eastus' }));
    expect((await book(second, { only: 'eastus' })).outcome).toBe('wait');
    first.release(probe);
    await clock.advance(50);
    expect(bookingOf(await book(second, { only: 'eastus' })).why).toBe('probe');
  });
});

describe('failovers', () => {
  it('are counted once on the deployment that was left and once on the one that took over', async () => {
    const process = startProcess();
    await book(process, { only: 'eastus' });
    await book(process, { only: 'westeurope', exclude: ['eastus'] });
    await book(process, { only: 'eastasia', exclude: ['eastus', 'westeurope'] });
    const views = await process.view(model);
    expect(views.map(({ failoversFrom, failoversTo }) => [failoversFrom, failoversTo])).toEqual([
      [1, 0],
      [1, 1],
      [0, 1],
    ]);
  });
});

describe('a pool with every deployment out', () => {
  it('lets jobs wait until the first one may be tried, then sends one, not all', async () => {
    const process = startProcess(['eastus', 'westeurope']);
    await trip(process, 'eastus');
    await clock.advance(1000);
    await trip(process, 'westeurope');
    const views = await process.view(model);
    const firstProbeAtMs = Math.min(...views.map(({ nextProbeAtMs }) => nextProbeAtMs ?? 0));
    const waiting = await book(process);
    expect(waiting).toMatchObject({ outcome: 'wait', reason: 'breaker' });
    const untilMs = waiting.outcome === 'wait' ? waiting.untilMs : 0;
    expect(untilMs).toBeGreaterThanOrEqual(firstProbeAtMs);
    expect(untilMs).toBeLessThan(firstProbeAtMs + 1000);
    await clock.advance(untilMs - clock.now());
    const booked: Booking[] = [];
    for (let count = 0; count < 20; count += 1) {
      void ask(process).then((result) => result.outcome === 'booked' && booked.push(result.booking));
    }
    await clock.advance(1000);
    expect(booked.map(({ why }) => why)).toEqual(['probe']);
    const [probe] = booked;
    if (probe !== undefined) await report(process, probe, answered);
    await clock.advance(3000);
    expect(booked).toHaveLength(20);
  });

  it('comes back by a ramp: a tenth of the limit first, all of it ten seconds later', async () => {
    const process = startProcess(['eastus']);
    await trip(process, 'eastus');
    await clock.advance(6000);
    await report(process, bookingOf(await book(process)), answered);
    const large = { ...estimate, outputTokens: 974 };
    const sentOf = async (jobs: number): Promise<number> => {
      let sent = 0;
      const asked = Array.from({ length: jobs }, () => ask(process, { lane: 'interactive', estimate: large }));
      for (const job of asked) void job.then(({ outcome }) => (sent += Number(outcome === 'booked')));
      await clock.advance(900);
      return sent;
    };
    // A second after it closed: a tenth of 100,000 tokens in jobs of 1,000, some of them taken before.
    const early = await sentOf(40);
    expect([early >= 5, early <= 20]).toEqual([true, true]);
    await clock.advance(80_000);
    expect(await sentOf(40)).toBe(40);
  });
});
