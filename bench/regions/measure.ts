import type { TelemetryEvent } from '../../src/core/telemetry/telemetry.ts';
import { percentile } from '../percentile.ts';
import { chargedTokens, type Phase, regionNames, type Trouble, troubled } from './scenario.ts';
import type { Way } from './way-log.ts';
import type { BenchJob, Call, World } from './world.ts';

/** Milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

/** What happened to the jobs that were submitted in one phase. */
export interface PhaseFigures {
  readonly phase: string;
  readonly trouble: Trouble;
  readonly jobs: number;
  /** Part of the jobs that succeeded, 0–1. */
  readonly succeeded: number;
  readonly callsPerJob: number;
  /** From submission to answer, of all jobs that succeeded. */
  readonly all: Latencies;
  /** The same of the jobs that never called the troubled region. */
  readonly others: Latencies;
  readonly callsToTroubled: number;
}

/** How Weir left the troubled region in one phase and came back to it after the phase. */
export interface Exit {
  readonly trouble: Exclude<Trouble, 'none'>;
  /** Troubled calls whose end was known when the region was left, and the time since the first of them was known, in ms. */
  readonly failuresUntilOut: number;
  readonly msUntilOut: number;
  /** Calls sent to the region until it was left, and the time since the first of them was sent, in ms. */
  readonly callsUntilOut: number;
  readonly msSinceFirstSent: number;
  /** From the end of the trouble until the region is used again, in ms. */
  readonly msUntilBack: number;
}

export function measurePhases(world: World): PhaseFigures[] {
  return spansOf(world).map(({ phase, fromMs, toMs }) => {
    const jobs = world.jobs.filter(({ submittedMs }) => submittedMs >= fromMs && submittedMs < toMs);
    const others = jobs.filter(({ calls }) => calls.every(({ region }) => region !== troubled));
    return {
      phase: phase.name,
      trouble: phase.trouble,
      jobs: jobs.length,
      succeeded: jobs.filter(({ hasSucceeded }) => hasSucceeded).length / Math.max(1, jobs.length),
      callsPerJob: jobs.reduce((sum, { calls }) => sum + calls.length, 0) / Math.max(1, jobs.length),
      all: latenciesOf(jobs),
      others: latenciesOf(others),
      callsToTroubled: callsTo(world, fromMs, toMs).length,
    };
  });
}

/** One entry per phase with trouble, by the breaker's notices; for a lack of capacity, which opens no breaker, by the calls. */
export function measureExits(world: World, notices: readonly TelemetryEvent[]): Exit[] {
  return spansOf(world).flatMap(({ phase: { trouble }, fromMs, toMs }) => {
    if (trouble === 'none') return [];
    const calls = callsTo(world, fromMs, toMs);
    const ended = calls.map(({ endMs }) => endMs).sort((left, right) => left - right);
    const firstMs = ended[0] ?? fromMs;
    const firstSentMs = calls[0]?.sentMs ?? fromMs;
    const isShort = trouble === 'capacity';
    const outMs = isShort ? leftOnHint(calls, firstMs) : noticeAfter(notices, 'breaker_opened', fromMs);
    const served = callsTo(world, toMs, Number.POSITIVE_INFINITY).find(({ status }) => status === 200);
    const backMs = isShort
      ? (served?.sentMs ?? Number.POSITIVE_INFINITY)
      : noticeAfter(notices, 'breaker_closed', toMs);
    const failuresUntilOut = ended.filter((endMs) => endMs <= outMs).length;
    const callsUntilOut = calls.filter(({ sentMs }) => sentMs <= outMs).length;
    return [
      {
        trouble,
        failuresUntilOut,
        msUntilOut: Math.max(0, outMs - firstMs),
        callsUntilOut,
        msSinceFirstSent: outMs - firstSentMs,
        msUntilBack: backMs - toMs,
      },
    ];
  });
}

/** A 429 for want of capacity asks for so long a rest; what is sent within it has not left the region. */
const hintMs = 10_000;

/** When the answer came to the last call that was sent although the first 429 was known. */
function leftOnHint(calls: readonly Call[], knownMs: number): number {
  const stubborn = calls.filter(({ sentMs }) => sentMs > knownMs && sentMs < knownMs + hintMs);
  return Math.max(knownMs, ...stubborn.map(({ endMs }) => endMs));
}

/** What the time after a trouble was like. */
export interface Recovery {
  readonly trouble: Exclude<Trouble, 'none'>;
  /** Regions that served again within a minute, and when the last of them began to, in ms after the end of the trouble. */
  readonly regionsBack: number;
  readonly msUntilAllBack: number;
  /** 429s in the first minute. */
  readonly throttled: number;
  /** Most that a region was given of its quota of a minute in the first 5 s in which it served again, 0–1. */
  readonly firstPart: number;
  /** Jobs that were under way when the trouble ended, and how long the last of them took from then on, in ms. */
  readonly backlog: number;
  readonly msUntilDone: number;
  /** Calls that were made while the trouble lasted. */
  readonly callsDuring: number;
}

const firstMs = 5000;

export function measureRecoveries(world: World): Recovery[] {
  return spansOf(world).flatMap(({ phase: { trouble }, fromMs, toMs }) => {
    if (trouble === 'none') return [];
    const after = world.calls.filter(({ sentMs }) => sentMs >= toMs && sentMs < toMs + 60_000);
    const backMs = regionNames.flatMap((name) => {
      const served = after.find(({ region, status }) => region === name && status === 200);
      return served === undefined ? [] : [{ name, atMs: served.sentMs }];
    });
    const parts = backMs.map(({ name, atMs }) => {
      const first = after.filter(({ region, sentMs }) => region === name && sentMs >= atMs && sentMs < atMs + firstMs);
      return (first.length * chargedTokens) / world.scenario.tokensPerMinute;
    });
    const backlog = world.jobs.filter(
      ({ submittedMs, doneMs }) => submittedMs < toMs && (doneMs ?? Number.POSITIVE_INFINITY) > toMs,
    );
    return [
      {
        trouble,
        regionsBack: backMs.length,
        msUntilAllBack: Math.max(...backMs.map(({ atMs }) => atMs)) - toMs,
        throttled: after.filter(({ status }) => status === 429).length,
        firstPart: Math.max(...parts),
        backlog: backlog.length,
        msUntilDone: Math.max(...backlog.map(({ doneMs }) => doneMs ?? Number.POSITIVE_INFINITY)) - toMs,
        callsDuring: world.calls.filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs).length,
      },
    ];
  });
}

/** How failed calls of one phase moved on: percentiles in ms of those that went to another deployment at once. */
export interface Failovers {
  readonly trouble: Exclude<Trouble, 'none'>;
  readonly moved: number;
  /** Kept by a decision: no deployment left in the round, a hint, or the retry budget. */
  readonly waited: number;
  readonly all: Latencies;
  readonly storage: Latencies;
  /** Storage calls on the way, on average. */
  readonly storageTrips: number;
  readonly claim: Latencies;
  readonly ledger: Latencies;
  /** All but storage. */
  readonly apart: Latencies;
  readonly apartMs: readonly number[];
}

/** From the end of a failed call to the next call of its job, and what the time in between went to. */
export function measureFailovers(
  world: World,
  wayBetween: (job: BenchJob, fromMs: number, toMs: number) => Way | null,
): Failovers[] {
  return spansOf(world).flatMap(({ phase: { trouble }, fromMs, toMs }) => {
    if (trouble === 'none') return [];
    const ways = world.jobs.flatMap((job) =>
      job.calls.flatMap((call, index) => {
        const next = job.calls[index + 1];
        const isCounted = call.status !== 200 && call.endMs >= fromMs && call.endMs < toMs;
        return isCounted && next !== undefined ? [wayBetween(job, call.endMs, next.sentMs)] : [];
      }),
    );
    const moved = ways.filter((way) => way !== null);
    const part = (read: (way: Way) => number): Latencies => {
      const sorted = moved.map(read).sort((left, right) => left - right);
      return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
    };
    return [
      {
        trouble,
        moved: moved.length,
        waited: ways.length - moved.length,
        all: part(({ allMs }) => allMs),
        storage: part(({ storageMs }) => storageMs),
        storageTrips: moved.reduce((sum, { storageTrips }) => sum + storageTrips, 0) / Math.max(1, moved.length),
        claim: part(({ claimMs }) => claimMs),
        ledger: part(({ ledgerMs }) => ledgerMs),
        apart: part(({ allMs, storageMs }) => allMs - storageMs),
        apartMs: moved.map(({ allMs, storageMs }) => allMs - storageMs),
      },
    ];
  });
}

function noticeAfter(notices: readonly TelemetryEvent[], name: string, atMs: number): number {
  const found = notices.find((event) => event.type === 'notice' && event.name === name && event.atMs >= atMs);
  return found?.atMs ?? Number.POSITIVE_INFINITY;
}

interface Span {
  readonly phase: Phase;
  readonly fromMs: number;
  readonly toMs: number;
}

function spansOf(world: World): Span[] {
  let fromMs = world.startMs;
  return world.scenario.phases.map((phase) => {
    const span = { phase, fromMs, toMs: fromMs + phase.seconds * 1000 };
    fromMs = span.toMs;
    return span;
  });
}

function callsTo(world: World, fromMs: number, toMs: number) {
  return world.calls.filter(({ region, sentMs }) => region === troubled && sentMs >= fromMs && sentMs < toMs);
}

function latenciesOf(jobs: readonly BenchJob[]): Latencies {
  const taken = jobs
    .filter(({ hasSucceeded }) => hasSucceeded)
    .map(({ doneMs, submittedMs }) => (doneMs ?? Number.POSITIVE_INFINITY) - submittedMs)
    .sort((left, right) => left - right);
  return { p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
}
