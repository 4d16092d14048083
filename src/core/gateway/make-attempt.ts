import type { Booking } from '../capacity/capacity.ts';
import type { DeploymentConfig, WeirConfig } from '../config/config-schema.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { Attempt } from '../jobs/attempt.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { recordAttempt } from '../jobs/move-live-job.ts';
import type { Classification } from '../retry/classification.ts';
import { classifyOutcome } from '../retry/classify-outcome.ts';
import { isMissedElsewhere } from '../routing/misconfiguration.ts';
import type { UpstreamOutcome } from '../routing/upstream.ts';
import type { Estimate } from '../tokens/estimate.ts';
import type { Versioned } from '../versioned.ts';
import { fallbackModel } from './claim-job.ts';
import { type AbortCause, LeaseKeeper } from './lease-keeper.ts';
import type { Ports } from './ports.ts';
import { priceAttempt } from './price-attempt.ts';
import { reportAttempt } from './report-attempt.ts';
import { usageRowOf } from './usage-row-of.ts';

/** What came of one upstream call, ready to be committed. */
export interface AttemptResult {
  /** The live row with the attempt on it, under the version last seen. */
  readonly row: Versioned<LiveJob>;
  readonly outcome: UpstreamOutcome;
  readonly classification: Classification;
  readonly usageRow: UsageRow;
  /** Why the call was cut short; null when it ran its course. */
  readonly cut: AbortCause | null;
}

/** Slowest pace, per output token, at which a model that works is still waited for. */
const slowestTokenMs = 40;

/** An answer that is not streamed begins when it is complete: a long one has its length to say for itself. */
export function answerLimitMs(timeouts: WeirConfig['timeouts'], estimate: Estimate): number {
  const perChoice = estimate.outputTokens / Math.max(1, estimate.choices ?? 1);
  return Math.min(timeouts.totalMs, timeouts.firstByteMs + Math.round(perChoice * slowestTokenMs));
}

/**
 * Makes the one call a claim stands for: heartbeat beside it, cut by cancellation, deadline, a lost lease or the end of
 * the grace time; what came back is judged, priced and reported to capacity and telemetry.
 */
export async function makeAttempt(
  ports: Ports,
  job: Job,
  claimed: Versioned<LiveJob>,
  call: {
    booking: Booking;
    deployment: DeploymentConfig;
    body: Readonly<Record<string, unknown>>;
    /** Other time limits than the configured ones. */
    timeouts?: WeirConfig['timeouts'];
  },
): Promise<AttemptResult> {
  const keeper = new LeaseKeeper({ store: ports.jobs, clock: ports.clock }, claimed, ports.settings.leaseMs);
  const over = new AbortController();
  const drained = () => keeper.cut('drain');
  ports.drain.calls.addEventListener('abort', drained, { once: true });
  keeper.start();
  const deadline = ports.clock.sleep(job.deadlineAtMs - ports.clock.now(), over.signal).then(() => {
    if (!over.signal.aborted) keeper.cut('deadline');
  });
  const timeouts = call.timeouts ?? ports.config.current().timeouts;
  const sentAtMs = ports.clock.now();
  ports.extraCalls.count(claimed.value.attempts.length > 0);
  const { connectMs, totalMs } = timeouts;
  const firstByteMs = call.timeouts?.firstByteMs ?? answerLimitMs(timeouts, job.estimate);
  const request = {
    deployment: call.deployment,
    endpoint: job.endpoint,
    body: call.body,
    jobId: job.id,
    attempt: claimed.value.attempt,
    traceparent: job.traceparent,
    connectMs,
    firstByteMs,
    totalMs,
  };
  // Whatever happens the heartbeat ends with the call: a lease that nobody works under must run out.
  const outcome = await ports.upstream.call(request, keeper.signal).finally(async () => {
    over.abort();
    ports.drain.calls.removeEventListener('abort', drained);
    await Promise.all([deadline, keeper.stop()]);
  });
  if (outcome.kind === 'answered') ports.signsOfLife.hear(job.model, call.deployment.name, sentAtMs);
  // An answer that came in spite of the cut stands: only a call that was really aborted ends as its cause says.
  const cut = outcome.kind === 'unanswered' && outcome.fault === 'aborted' ? keeper.cause : null;
  const classification = classifyOutcome(job.endpoint, outcome, ports.clock.now());
  const attempt: Attempt = {
    number: claimed.value.attempt,
    deployment: call.deployment.name,
    region: call.deployment.region,
    ...fallbackModel(claimed.value, job),
    statusCode: classification.statusCode,
    startedAtMs: sentAtMs,
    latencyMs: outcome.latencyMs,
    outcome: classification.outcome,
    reason: cut ?? classification.reason,
  };
  const billed = priceAttempt(ports, job, call.deployment.name, classification.billing);
  reportAttempt(ports, job, {
    booking: call.booking,
    deployment: call.deployment,
    outcome,
    classification,
    attempt,
    billed,
    sentAtMs,
    isMissedElsewhere: isMissedElsewhere(claimed.value.attempts, attempt),
  });
  const row = keeper.row;
  return {
    row: { version: row.version, value: recordAttempt(row.value, attempt, billed) },
    outcome,
    classification,
    usageRow: usageRowOf(job, attempt, billed),
    cut,
  };
}
