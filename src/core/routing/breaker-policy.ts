import type { HealthNews, HealthPolicy, HealthVerdict } from '../capacity/deployment-health.ts';
import { admits, isTimersToTest, onOutcome, onProbeLease, onProbeReturn, rampShare } from './breaker.ts';
import { type BreakerState, readBreakerState } from './breaker-state.ts';
import { isSilence } from './silence.ts';

/** Of a job's id so much is kept in the row: its random end tells jobs apart. */
const jobMarkLength = 12;

/** The breaker as booking uses it. Peers for slowness are the other deployments that take calls at the time. */
export const breakerPolicy: HealthPolicy = {
  judge: (stored, now) => judge(readBreakerState(stored), now),
  takeProbe: (stored, now) => onProbeLease(readBreakerState(stored), now),
  returnProbe: (stored, sendAtMs, now) => onProbeReturn(readBreakerState(stored), sendAtMs, now),
  learn(stored, report, now, others) {
    const before = readBreakerState(stored);
    const latencies = others
      .map(readBreakerState)
      .filter((other) => admits(other, now).admits === 'all')
      .map((other) => other.latency);
    const { firstByteMs, latencyMs, usage } = report;
    const isSample = report.outcome === 'succeeded' && firstByteMs !== null;
    const state = onOutcome(
      before,
      {
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
      },
      { latencies },
      now,
    );
    const [was, is] = [judge(before, now), judge(state, now)];
    return { state, isTransition: was.admits !== is.admits || was.breaker !== is.breaker };
  },
  findNews: findBreakerNews,
};

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

function judge(state: BreakerState, now: number): HealthVerdict {
  const { admits: what, untilMs } = admits(state, now);
  // A cool-down that has passed is no longer a reason.
  const isWell = state.status === 'closed' && what === 'all';
  return {
    admits: what,
    untilMs,
    breaker: state.status,
    reason: isWell ? null : state.reason,
    sinceMs: isWell ? null : state.sinceMs,
    isTimersToTest: isTimersToTest(state, now),
    share: rampShare(state, now),
    latency: state.latency,
    heardMs: state.heardMs,
  };
}
