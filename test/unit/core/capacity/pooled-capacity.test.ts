import { describe, expect, it } from 'vitest';
import { MemoryCapacityStore } from '../../../../src/core/adapters/memory/capacity-store.ts';
import type { Booking } from '../../../../src/core/capacity/capacity.ts';
import type { CapacityStore } from '../../../../src/core/capacity/capacity-store.ts';
import { alwaysHealthy } from '../../../../src/core/capacity/deployment-health.ts';
import type { ReadPoolLimits } from '../../../../src/core/capacity/pool-limits.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../../../src/core/capacity/pooled-capacity.ts';
import type { Ticket } from '../../../../src/core/capacity/ticket.ts';
import { StorageUnavailableError } from '../../../../src/core/http/weir-error.ts';
import type { TelemetryEvent } from '../../../../src/core/telemetry/telemetry.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { ask, deployment, pool, report, startMs } from './sample-pool.ts';

function open(over: { store?: CapacityStore; limits?: ReturnType<typeof pool>; readLimits?: ReadPoolLimits } = {}) {
  const clock = new VirtualClock(startMs);
  const store = over.store ?? new MemoryCapacityStore(() => clock.now());
  const events: TelemetryEvent[] = [];
  let processes = 0;
  const make = (own: CapacityStore = store, ownClock = clock) =>
    new PooledCapacity({
      store: own,
      clock: ownClock,
      random: { next: () => 0.5, hex: (bytes) => String(++processes).padStart(bytes * 2, '0') },
      telemetry: { track: (event) => events.push(event), flush: async () => {} },
      health: alwaysHealthy,
      limits: over.readLimits ?? (() => over.limits ?? pool()),
    });
  return { clock, store, events, make };
}

/** Counts calls, and lets a test step in before a commit. */
function watch(store: CapacityStore, beforeCommit: (commits: number) => Promise<void> = async () => {}) {
  const calls = { reads: 0, commits: 0 };
  const watched: CapacityStore = {
    readPool: (model) => {
      calls.reads += 1;
      return store.readPool(model);
    },
    commit: async (model, changes) => {
      calls.commits += 1;
      await beforeCommit(calls.commits);
      return store.commit(model, changes);
    },
  };
  return { calls, watched };
}

describe('capacity over a shared store', () => {
  it('books the callers of one moment with one read and one write', async () => {
    const { make, store } = open();
    const { calls, watched } = watch(store);
    const capacity = make(watched);
    const results = await Promise.all([1, 2, 3, 4].map(() => capacity.book(ask(100, { urgent: true }))));
    expect(results.map(({ outcome }) => outcome)).toEqual(['booked', 'booked', 'booked', 'booked']);
    expect(calls).toEqual({ reads: 1, commits: 1 });
  });

  it('decides again on what the winner left when it loses a write', async () => {
    const { make, store, clock } = open();
    const other = make();
    const { calls, watched } = watch(store, async (commits) => {
      if (commits === 1) await other.book(ask(9000, { urgent: true }));
    });
    const lost = make(watched).book(ask(9000, { urgent: true }));
    await clock.advance(20_000);
    expect(calls.commits).toBeGreaterThan(1);
    // The window is full with the winner's job: the loser may not be booked beside it.
    expect((await lost).outcome).toBe('wait');
  });

  it('asks again as often as in a calm pool once a look has changed nothing, however contended the row was', async () => {
    const { make, clock, store } = open();
    const crowded: CapacityStore = {
      readPool: (model) => store.readPool(model),
      commit: async (model, changes) => (calls.commits < 8 ? { outcome: 'lost' } : store.commit(model, changes)),
    };
    const { calls, watched } = watch(crowded);
    const capacity = make(watched);
    await make().book(ask(9900, { urgent: true }));
    const bulk = (ticket: Ticket | null) => ask(150, { lane: 'bulk', ticket });
    // With others of its team behind it, it is nobody who goes at once.
    const rush = Array.from({ length: 12 }, () => capacity.book(bulk(null)));
    await clock.advance(20_000);
    const [first] = await Promise.all(rush);
    if (first?.outcome !== 'wait' || first.ticket === null) throw new Error('A full window makes it wait.');
    expect(calls.commits).toBe(8);
    const look = capacity.book(bulk(first.ticket));
    await clock.advance(100);
    expect((await look).outcome).toBe('wait');
    expect(calls.commits).toBe(8);
    const before = calls.reads;
    void capacity.book(bulk(first.ticket));
    // A calm process with a backlog asks every 1,650 ms.
    await clock.advance(1650);
    expect(calls.reads).toBe(before + 1);
  });

  it("books no later for a test's sake", async () => {
    const limits = pool({ deployments: ['east', 'west'].map((name) => deployment({ name })) });
    const { make } = open({ limits });
    const capacity = make();
    const [job, test] = await Promise.all([
      capacity.book(ask(100, { urgent: true, claimMs: 60 })),
      capacity.book(ask(100, { urgent: true, claimMs: 900, only: 'east' })),
    ]);
    expect(job.outcome === 'booked' && job.booking.sendAtMs - startMs).toBeLessThan(100);
    expect(test.outcome === 'booked' && test.booking.sendAtMs - startMs).toBeGreaterThanOrEqual(900);
  });

  it('tells an honest wait after a bounded number of lost writes, and keeps the ticket it was given', async () => {
    const { make, clock } = open();
    const never: CapacityStore = { readPool: async () => [], commit: async () => ({ outcome: 'lost' }) };
    const ticket = { start: 5, finish: 6 };
    const result = make(never).book(ask(100, { urgent: true, ticket }));
    await clock.advance(30_000);
    expect(await result).toMatchObject({ outcome: 'wait', reason: 'contention', ticket });
  });

  it('keeps a caller whose turn is near and answers it when it is booked', async () => {
    const { make, clock } = open();
    const capacity = make();
    await capacity.book(ask(9900, { urgent: true }));
    await clock.advance(59_500);
    const near = capacity.book(ask(100, { urgent: true }));
    const later = capacity.book(ask(150, { urgent: true }));
    await clock.advance(8000);
    expect((await near).outcome).toBe('booked');
    expect((await later).outcome).toBe('booked');
  });

  it('frees a released booking with the next commit', async () => {
    const { make } = open();
    const capacity = make();
    const first = await capacity.book(ask(10_000, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    capacity.release(first.booking);
    expect((await capacity.book(ask(10_000, { urgent: true }))).outcome).toBe('booked');
  });

  it('hands a storage failure to every caller and works again after it', async () => {
    const { make, store } = open();
    let isDown = true;
    const failing: CapacityStore = {
      readPool: (model) => (isDown ? Promise.reject(new StorageUnavailableError('read', null)) : store.readPool(model)),
      commit: (model, changes) => store.commit(model, changes),
    };
    const capacity = make(failing);
    await expect(capacity.book(ask(100, { urgent: true }))).rejects.toThrow(StorageUnavailableError);
    isDown = false;
    expect((await capacity.book(ask(100, { urgent: true }))).outcome).toBe('booked');
  });

  it('reports a damaged row and writes it anew', async () => {
    const { make, store, events } = open();
    await store.commit('model', [{ key: 'deployment|east', text: 'damaged', version: null }]);
    const capacity = make();
    const result = await capacity.forecast({ ...ask(100), createdAtMs: startMs });
    expect(result?.startAtMs).toBeGreaterThan(startMs + 50_000);
    expect((await capacity.book(ask(100, { urgent: true }))).outcome).toBe('wait');
    const rebuilt = { type: 'notice', name: 'capacity_row_damaged' };
    expect(events).toMatchObject([
      { ...rebuilt, fields: { row: 'line' } },
      { ...rebuilt, fields: { row: 'deployment|east' } },
    ]);
    await make().book(ask(100, { urgent: true }));
    expect(events).toHaveLength(2);
  });

  it('reports and rewrites the damaged row of a team that nobody books for', async () => {
    const teams = new Map([['search', { ...unknownTeam, tokensPerMinute: 9000 }]]);
    const { make, store, events } = open({ limits: pool({ teams }) });
    await make().book(ask(100, { urgent: true }));
    const row = (await store.readPool('model')).find(({ key }) => key === 'team|search');
    await store.commit('model', [{ key: 'team|search', text: 'x', version: row?.version ?? null }]);
    const book = () => make().book(ask(100, { team: 'other', urgent: true }));
    expect([(await book()).outcome, (await book()).outcome]).toEqual(['booked', 'booked']);
    expect(events).toMatchObject([{ name: 'capacity_row_damaged', fields: { row: 'team|search' } }]);
  });

  /** Applies the nth commit and loses its answer: `throw` as when storage is away, `unclear` as when others came after it. */
  function losing(store: CapacityStore, nth: number, how: 'throw' | 'unclear') {
    let commits = 0;
    const losingStore: CapacityStore = {
      readPool: (model) => store.readPool(model),
      commit: async (model, changes) => {
        commits += 1;
        const result = await store.commit(model, changes);
        if (commits !== nth) return result;
        if (how === 'throw') throw new StorageUnavailableError('commit', null);
        return { outcome: 'unclear' };
      },
    };
    return losingStore;
  }

  it('gives a booking back once although the answer to the commit that told of it got lost', async () => {
    const { make, store, clock } = open();
    const other = make();
    const capacity = make(losing(store, 2, 'throw'));
    const first = await capacity.book(ask(6000, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    expect((await other.book(ask(4000, { urgent: true }))).outcome).toBe('booked');
    capacity.release(first.booking);
    await expect(capacity.book(ask(1, { urgent: true }))).rejects.toThrow(StorageUnavailableError);
    await clock.advance(5000);
    // 4,000 are taken. What was given back twice would have taken them out of their bucket.
    expect((await capacity.book(ask(6000, { urgent: true }))).outcome).toBe('booked');
    expect((await capacity.book(ask(1, { urgent: true }))).outcome).toBe('wait');
  });

  it('answers callers whose commit was applied although its answer got lost, and books them once', async () => {
    const { make, store, clock } = open();
    const capacity = make(losing(store, 1, 'unclear'));
    const result = capacity.book(ask(6000, { urgent: true }));
    await clock.advance(25);
    expect((await result).outcome).toBe('booked');
    expect((await make().book(ask(4000, { urgent: true }))).outcome).toBe('booked');
  });

  it('gives back what was booked for callers that heard of a failure', async () => {
    const { make, store, clock } = open();
    const capacity = make(losing(store, 1, 'throw'));
    await expect(capacity.book(ask(10_000, { urgent: true }))).rejects.toThrow(StorageUnavailableError);
    await clock.advance(5000);
    expect((await capacity.book(ask(10_000, { urgent: true }))).outcome).toBe('booked');
  });

  /** Keeps the nth commit under way without an answer until the next one is there, or for ten seconds, and applies it then. */
  function late(
    { store, clock }: Pick<ReturnType<typeof open>, 'store' | 'clock'>,
    nth: number,
    how: 'throw' | 'unclear',
  ) {
    let commits = 0;
    let arrive = async () => {};
    const lateStore: CapacityStore = {
      readPool: (model) => store.readPool(model),
      commit: async (model, changes) => {
        commits += 1;
        if (commits !== nth) {
          await arrive();
          return store.commit(model, changes);
        }
        arrive = async () => {
          arrive = async () => {};
          await store.commit(model, changes);
        };
        void clock.sleep(10_000).then(() => arrive());
        if (how === 'throw') throw new StorageUnavailableError('commit', null);
        return { outcome: 'unclear' };
      },
    };
    return lateStore;
  }

  it('answers callers of a commit that is applied after it was found not to have been, and books them once', async () => {
    const pools = open();
    const capacity = pools.make(late(pools, 2, 'unclear'));
    await capacity.book(ask(100, { urgent: true }));
    const result = capacity.book(ask(6000, { urgent: true }));
    await pools.clock.advance(200);
    expect((await result).outcome).toBe('booked');
    expect((await pools.make().book(ask(3900, { urgent: true }))).outcome).toBe('booked');
  });

  it('gives back what callers that heard of a failure were booked when their commit is applied later', async () => {
    const pools = open();
    const capacity = pools.make(late(pools, 2, 'throw'));
    await capacity.book(ask(100, { urgent: true }));
    await expect(capacity.book(ask(9900, { urgent: true }))).rejects.toThrow(StorageUnavailableError);
    await pools.clock.advance(15_000);
    expect((await pools.make().book(ask(9900, { urgent: true }))).outcome).toBe('booked');
  });

  it('lets nobody wait for tickets of a commit that is applied after its callers heard of a failure', async () => {
    const teams = new Map([['own', { ...unknownTeam, tokensPerMinute: 2000 }]]);
    const pools = open({ limits: pool({ teams }) });
    const capacity = pools.make(late(pools, 2, 'throw'));
    await capacity.book(ask(9900, { urgent: true }));
    const lost = ['search', 'own'].flatMap((team) =>
      Array.from({ length: 20 }, () => capacity.book(ask(900, { team, lane: 'bulk' }))),
    );
    for (const result of await Promise.allSettled(lost)) expect(result.status).toBe('rejected');
    await pools.clock.advance(15_000);
    for (const team of ['search', 'own']) {
      const next = await pools.make().forecast({ ...ask(900, { team, lane: 'bulk' }), createdAtMs: startMs });
      expect(next?.position).toBe(1);
    }
  });

  it('does not tell twice what a commit told that is applied later', async () => {
    const pools = open();
    const other = pools.make();
    const capacity = pools.make(late(pools, 2, 'throw'));
    const first = await capacity.book(ask(6000, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    expect((await other.book(ask(4000, { urgent: true }))).outcome).toBe('booked');
    capacity.release(first.booking);
    await expect(capacity.book(ask(1, { urgent: true }))).rejects.toThrow(StorageUnavailableError);
    await pools.clock.advance(15_000);
    expect((await pools.make().book(ask(6000, { urgent: true }))).outcome).toBe('booked');
    expect((await pools.make().book(ask(1, { urgent: true }))).outcome).toBe('wait');
  });

  const badCall = (booking: Booking) =>
    report({ booking, outcome: 'failed', reason: 'server_error_503', health: 'bad', coolDownMs: 5000 });

  it.each([
    ['storage does not answer', 1, () => Promise.reject(new StorageUnavailableError('commit', null))],
    ['eight writes are lost', 8, async () => ({ outcome: 'lost' }) as const],
  ])('tells a bad call within a second although %s', async (_what, failures, fail) => {
    const { make, store, clock } = open();
    let left = 0;
    const capacity = make({
      readPool: (model) => store.readPool(model),
      commit: (model, changes) => (left-- > 0 ? fail() : store.commit(model, changes)),
    });
    const first = await capacity.book(ask(100, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    left = failures;
    capacity.report(badCall(first.booking));
    // Eight tries of one flush take up to a second themselves.
    await clock.advance(failures === 1 ? 1000 : 3000);
    expect((await make().view('model'))[0]?.health).toBe('cooling');
  });

  it('shows how far the service counts otherwise: its 429s that no booking foresaw, and the correction', async () => {
    const { make } = open();
    const capacity = make();
    const first = await capacity.book(ask(100, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    expect((await capacity.view('model'))[0]).toMatchObject({ calibration: 1, driftCount: 0 });
    capacity.report(report({ booking: first.booking, outcome: 'throttled', throttle: 'tokens' }));
    await capacity.book(ask(100, { urgent: true }));
    expect((await make().view('model'))[0]).toMatchObject({ calibration: 1.005, driftCount: 1 });
  });

  it('asks storage that stays away less and less often', async () => {
    const { make, store, clock } = open();
    let isDown = false;
    const { calls, watched } = watch(store);
    const capacity = make({
      readPool: (model) => {
        const read = watched.readPool(model);
        return isDown ? read.then(() => Promise.reject(new StorageUnavailableError('read', null))) : read;
      },
      commit: (model, changes) => watched.commit(model, changes),
    });
    const first = await capacity.book(ask(100, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    isDown = true;
    calls.reads = 0;
    capacity.report(badCall(first.booking));
    await clock.advance(60_000);
    expect(calls.reads).toBeGreaterThan(10);
    expect(calls.reads).toBeLessThan(25);
  });

  it('forecasts position and start of a job that would join, and null for one that fits nowhere', async () => {
    const { make } = open();
    const capacity = make();
    const jobs = Array.from({ length: 30 }, () => capacity.book(ask(1000, { lane: 'bulk' })));
    await jobs[29];
    const place = await capacity.forecast({ ...ask(1000, { lane: 'bulk' }), createdAtMs: startMs });
    expect(place?.position).toBeGreaterThan(10);
    expect(place?.startAtMs).toBeGreaterThan(startMs + 60_000);
    expect(await capacity.forecast({ ...ask(20_000), createdAtMs: startMs })).toBeNull();
  });

  it('lets jobs of a model without a pool wait, and forgets what was reported about it', async () => {
    let isConfigured = true;
    const { make, store, clock } = open({ readLimits: () => (isConfigured ? pool() : null) });
    const { calls, watched } = watch(store);
    const capacity = make(watched);
    const first = await capacity.book(ask(100, { urgent: true }));
    if (first.outcome !== 'booked') throw new Error('An empty pool has room.');
    isConfigured = false;
    const before = { ...calls };
    capacity.release(first.booking);
    const wait = capacity.book(ask(100, { urgent: true }));
    await clock.advance(120_000);
    expect(await wait).toMatchObject({ outcome: 'wait', reason: 'paused' });
    expect(calls).toEqual(before);
  });

  it('gives a rush of newcomers their places at once although everyone in line waits for a turn', async () => {
    const { make, clock } = open();
    const capacity = make();
    const bulk = () => ask(1000, { lane: 'bulk' });
    const settled: number[] = [];
    const submit = (count: number) => {
      for (let index = 0; index < count; index += 1) void capacity.book(bulk()).then(() => settled.push(clock.now()));
    };
    submit(30);
    await clock.advance(20);
    settled.length = 0;
    submit(30);
    await clock.advance(500);
    expect(settled.length).toBeGreaterThanOrEqual(25);
  });

  it("books a team's flood of interactive work at the interval of a backlog, and another team's job beside it at once", async () => {
    const { make, store, clock } = open();
    const { calls, watched } = watch(store);
    const capacity = make(watched);
    const flood = () => void capacity.book(ask(1000, { team: 'big', urgent: true }));
    for (let job = 0; job < 60; job += 1) flood();
    await clock.advance(5000);
    calls.reads = 0;
    for (let job = 0; job < 50; job += 1) {
      flood();
      await clock.advance(100);
    }
    expect(calls.reads).toBeLessThanOrEqual(5);
    calls.reads = 0;
    void capacity.book(ask(1000, { team: 'small', urgent: true }));
    await clock.advance(100);
    expect(calls.reads).toBe(1);
  });

  it('shows operators load, remaining and lines', async () => {
    const { make } = open();
    const capacity = make();
    await capacity.book(ask(4000, { urgent: true }));
    expect(await capacity.view('model')).toMatchObject([
      {
        deployment: 'east',
        health: 'healthy',
        load: 0.4,
        tokensLastMinute: 4000,
        tokensRemaining: 6000,
        requestsLastMinute: 1,
      },
    ]);
    expect(await capacity.lanes('model')).toMatchObject([{ lane: 'interactive', tokensLastMinute: 4000 }, {}, {}]);
  });
});
