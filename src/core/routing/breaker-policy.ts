import type { CallReport } from '../capacity/capacity.ts';
import type { HealthNews, HealthPolicy, HealthVerdict } from '../capacity/deployment-health.ts';
import {
  admits,
  type CallEvidence,
  isTimersToTest,
  onOutcome,
  onProbeLease,
  onProbeReturn,
  rampShare,
} from './breaker.ts';
import { type BreakerState, readBreakerState } from './breaker-state.ts';
import { isSilence } from './silence.ts';

/** Of a job's id so much is kept in the row: its random end tells jobs apart. */
const jobMarkLength = 12;

/** Between two looks of the timer that tests deployments, where no schedule says otherwise. */
const usualProbeGapMs = 5000;
/** A look may wait for the deployment's time, make its call and be late itself: so much longer than the gap is patience enough. */
const timerSlackMs = 15_000;

/** The breaker with the timer that looks every five seconds. */
export const breakerPolicy: HealthPolicy = makeBreakerPolicy(usualProbeGapMs);

/**
 * The breaker as booking uses it; `probeGapMs` is the longest pause between two looks of the timer. Peers for slowness are the other
 * deployments that take calls at the time.
 */
export function makeBreakerPolicy(probeGapMs: number): HealthPolicy {
  const timersMs = probeGapMs + timerSlackMs;
  return {
    judge: (stored, now) => judge(readBreakerState(stored), timersMs, now),
    takeProbe: (stored, now) => onProbeLease(readBreakerState(stored), now),
    returnProbe: (stored, sendAtMs, now) => onProbeReturn(readBreakerState(stored), sendAtMs, now),
    learn: (stored, report, now, others) => learn(readBreakerState(stored), { report, others }, now),
    findNews: findBreakerNews,
  };
}

type Learnt = ReturnType<HealthPolicy['learn']>;

/** What a call told, and the rows of the pool's other deployments. */
interface Lesson {
  readonly report: CallReport;
  readonly others: readonly unknown[];
}

function learn(before: BreakerState, { report, others }: Lesson, now: number): Learnt {
  const latencies = others
    .map(readBreakerState)
    .filter((other) => admits(other, now).admits === 'all')
    .map((other) => other.latency);
  const { firstByteMs, latencyMs, usage } = report;
  const isSample = report.outcome === 'succeeded' && firstByteMs !== null;
  const evidence: CallEvidence = {
    job: report.jobId.slice(-jobMarkLength),
    endpoint: report.endpoint,
    health: report.health,
    reason: report.reason,
    coolDownMs: report.coolDownMs,
    isCapacityShort: report.throttle === 'capacity',
    sentAtMs: report.sentAtMs,
    isAnswered: report.statusCode !== null && !isSilence(report.reason),
    isProbe: report.isTest === true,
    sample: isSample ? { firstByteMs, latencyMs, outputTokens: usage.outputTokens } : null,
  };
  const state = onOutcome(before, evidence, { latencies }, now);
  const isOtherAdmission = admits(before, now).admits !== admits(state, now).admits;
  return { state, isTransition: isOtherAdmission || before.status !== state.status };
}

/**
 * A breaker that opened or closed between two states of a deployment; null when it did neither. A probe alone is no news, nor is
 * one after a lack of capacity: that breaker had not opened, it only let one call through at a time.
 */
export function findBreakerNews(before: unknown, after: unknown): HealthNews | null {
  const [was, is] = [readBreakerState(before), readBreakerState(after)];
  if (was.status === 'closed' && is.status === 'open') return { name: 'breaker_opened', reason: is.reason };
  const wasOut = was.status !== 'closed' && was.reason?.startsWith('throttled') !== true;
  if (wasOut && is.status === 'closed') return { name: 'breaker_closed', reason: was.reason };
  return null;
}

function judge(state: BreakerState, timersMs: number, now: number): HealthVerdict {
  const { admits: what, untilMs } = admits(state, now);
  // A cool-down that has passed is no longer a reason.
  const isWell = state.status === 'closed' && what === 'all';
  return {
    admits: what,
    untilMs,
    breaker: state.status,
    reason: isWell ? null : state.reason,
    sinceMs: isWell ? null : state.sinceMs,
    isTimersToTest: isTimersToTest(state, timersMs, now),
    share: rampShare(state, now),
    latency: state.latency,
    heardMs: state.heardMs,
  };
}
