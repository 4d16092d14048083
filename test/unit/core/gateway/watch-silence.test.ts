import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryCapacityStore } from '../../../../src/core/adapters/memory/capacity-store.ts';
import type { BookingRequest, BookingResult, Capacity } from '../../../../src/core/capacity/capacity.ts';
import { createPoolLimitsReader } from '../../../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../../../src/core/capacity/pooled-capacity.ts';
import type { Ports } from '../../../../src/core/gateway/ports.ts';
import { runJob } from '../../../../src/core/gateway/run-job.ts';
import { SignsOfLife } from '../../../../src/core/gateway/signs-of-life.ts';
import { breakerPolicy } from '../../../../src/core/routing/breaker-policy.ts';
import { probeTeam } from '../../../../src/core/routing/plan-probe.ts';
import type { UpstreamOutcome } from '../../../../src/core/routing/upstream.ts';
import { findViolations } from '../../../support/check-invariants.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { answer, answerAfter, type CallScript } from '../../../support/scripted-upstream.ts';

const model = 'gpt-4.1-mini';
let gateway: GatewayUnderTest;
let ports: Ports;
let store: MemoryCapacityStore;

/** Accepts the call and says nothing until its time limit. */
const swallow: CallScript = async (request, signal) => {
  const startedAtMs = gateway.clock.now();
  await gateway.clock.sleep(request.firstByteMs, signal);
  const latencyMs = gateway.clock.now() - startedAtMs;
  const fault = signal.aborted ? 'aborted' : 'first_byte_timeout';
  return { kind: 'unanswered', fault, sent: true, statusCode: null, latencyMs } satisfies UpstreamOutcome;
};

const healthOfEastus = async () =>
  (await ports.capacity.view(model)).find(({ deployment }) => deployment === 'eastus')?.health;
const callsTo = (name: string) => gateway.upstream.calls.filter(({ deployment }) => deployment.name === name).length;

type Book = Capacity['book'];

/** Has every booking go through `change`. */
function bookThrough(change: (book: Book, request: BookingRequest) => Promise<BookingResult>): void {
  const { capacity } = ports;
  const book: Book = capacity.book.bind(capacity);
  capacity.book = (request) => change(book, request);
}

/** Lets the next job go to eastus. */
async function startJob(script: CallScript): Promise<void> {
  const job = await gateway.accept();
  gateway.upstream.script('eastus', script);
  void runJob(ports, { team: job.team, job: job.id });
  await gateway.clock.advance(200);
  expect(callsTo('eastus')).toBe(1);
}

/** A process's own view of the shared rows. */
function openCapacity(): PooledCapacity {
  const { clock, random, telemetry, config } = gateway.ports;
  const limits = createPoolLimitsReader(() => config.current());
  return new PooledCapacity({ store, clock, random, telemetry, health: breakerPolicy, limits });
}

beforeEach(() => {
  gateway = new GatewayUnderTest();
  store = new MemoryCapacityStore(() => gateway.clock.now());
  ports = { ...gateway.ports, capacity: openCapacity() };
});

describe('a call that is under way for longer than its length explains', () => {
  it('has its deployment asked, and silence takes it out long before the time limit of the call', async () => {
    await startJob(swallow);
    gateway.upstream.script('eastus', swallow);
    await gateway.clock.advance(10_000);
    expect(callsTo('eastus')).toBe(2);
    expect(await healthOfEastus()).toBe('ejected');
    expect(gateway.notices('breaker_opened')).toHaveLength(1);
    expect(findViolations(gateway.state)).toEqual([]);
  });

  it('ejects nobody when the deployment answers: the text is long', async () => {
    await startJob(answerAfter(gateway.clock, 30_000));
    await gateway.clock.advance(10_000);
    expect(callsTo('eastus')).toBe(2);
    expect(await healthOfEastus()).toBe('healthy');
  });

  it.each([
    [300, 300, 2000],
    [1200, 300, 4800],
    [300, 1200, 4800],
  ])(
    'gives the question time by the usual first byte of its own (%d ms) and of others (%d ms): %d ms',
    async (own, others, withinMs) => {
      const { capacity } = ports;
      const view: Capacity['view'] = capacity.view.bind(capacity);
      capacity.view = async (name) =>
        (await view(name)).map((each) => ({ ...each, firstByteMs: each.deployment === 'eastus' ? own : others }));
      await startJob(answerAfter(gateway.clock, 30_000));
      gateway.upstream.script('eastus', answerAfter(gateway.clock, 300, answer()));
      await gateway.clock.advance(10_000);
      expect(gateway.upstream.calls.map(({ firstByteMs }) => firstByteMs).slice(1)).toEqual([withinMs]);
    },
  );

  it('asks nothing when the answer comes in time', async () => {
    await startJob(answerAfter(gateway.clock, 1500, answer()));
    await gateway.clock.advance(10_000);
    expect(callsTo('eastus')).toBe(1);
  });

  it('asks for all calls at once: an answer speaks for every call that was sent before it', async () => {
    bookThrough((book, request) => book({ ...request, only: 'eastus' }));
    await startJob(answerAfter(gateway.clock, 40_000));
    const second = await gateway.accept();
    gateway.upstream.script('eastus', answerAfter(gateway.clock, 40_000));
    void runJob(ports, { team: second.team, job: second.id });
    await gateway.clock.advance(30_000);
    expect(callsTo('eastus')).toBe(3);
  });

  it('asks again soon when there was no place for the question', async () => {
    const full: BookingResult = { outcome: 'wait', untilMs: 0, ticket: null, reason: 'tpm' };
    let asked = 0;
    bookThrough(async (book, request) => {
      if (request.team === probeTeam) asked += 1;
      return request.team === probeTeam && asked === 1 ? full : book(request);
    });
    await startJob(swallow);
    gateway.upstream.script('eastus', swallow);
    await gateway.clock.advance(10_000);
    expect([asked, callsTo('eastus'), await healthOfEastus()]).toEqual([2, 2, 'ejected']);
  });

  it('asks nothing once another process was answered there', async () => {
    const other = { ...ports, capacity: openCapacity(), signsOfLife: new SignsOfLife() };
    const { capacity } = other;
    const book: Book = capacity.book.bind(capacity);
    capacity.book = (request) => book({ ...request, only: 'eastus' });
    await startJob(answerAfter(gateway.clock, 40_000));
    const second = await gateway.accept();
    gateway.upstream.script('eastus', answerAfter(gateway.clock, 300, answer()));
    await gateway.finish(runJob(other, { team: second.team, job: second.id }));
    expect(callsTo('eastus')).toBe(2);
    // What was learnt rides on the next booking's commit.
    capacity.book = (request) => book({ ...request, only: 'westeurope' });
    const third = await gateway.accept();
    await gateway.finish(runJob(other, { team: third.team, job: third.id }));
    await gateway.clock.advance(30_000);
    expect(callsTo('eastus')).toBe(2);
  });

  it('lets no job test the silent deployment', async () => {
    await startJob(swallow);
    gateway.upstream.script('eastus', swallow);
    await gateway.clock.advance(10_000);
    expect(await healthOfEastus()).toBe('ejected');
    await gateway.clock.advance(8000);
    const before = callsTo('eastus');
    const next = await gateway.accept();
    await gateway.finish(runJob(ports, { team: next.team, job: next.id }));
    expect(callsTo('eastus')).toBe(before);
  });
});
