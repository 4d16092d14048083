import type { Booking } from '../capacity/capacity.ts';
import type { DeploymentConfig } from '../config/config-schema.ts';
import type { Attempt } from '../jobs/attempt.ts';
import type { Job } from '../jobs/job.ts';
import type { Billed } from '../jobs/live-job.ts';
import type { Classification } from '../retry/classification.ts';
import { describeNotice } from '../retry/describe-notice.ts';
import { probeTeam } from '../routing/plan-probe.ts';
import type { UpstreamOutcome } from '../routing/upstream.ts';
import type { Ports } from './ports.ts';

interface AttemptFacts {
  readonly booking: Booking;
  readonly deployment: DeploymentConfig;
  readonly outcome: UpstreamOutcome;
  readonly classification: Classification;
  readonly attempt: Attempt;
  readonly billed: Billed;
  readonly sentAtMs: number;
  /** Another deployment has said the same of what the job asks for: it tells nothing of this one. */
  readonly isMissedElsewhere: boolean;
}

/** Tells capacity what the call taught and telemetry that it was made. */
export function reportAttempt(ports: Ports, job: Job, facts: AttemptFacts): void {
  const { booking, classification, attempt, billed, outcome, deployment } = facts;
  const headers = outcome.kind === 'answered' ? outcome.headers : {};
  ports.capacity.report({
    booking,
    jobId: job.id,
    endpoint: job.endpoint,
    sentAtMs: facts.sentAtMs,
    outcome: attempt.outcome,
    isTest: job.team === probeTeam,
    isUnsent: outcome.kind === 'unanswered' && !outcome.sent,
    reason: attempt.reason,
    statusCode: attempt.statusCode,
    health: facts.isMissedElsewhere ? 'none' : classification.health,
    throttle: classification.throttle,
    coolDownMs: classification.coolDownMs,
    limitTokens: positiveNumber(headers['x-ratelimit-limit-tokens']),
    remainingTokens: positiveNumber(headers['x-ratelimit-remaining-tokens']),
    firstByteMs: outcome.kind === 'answered' ? outcome.firstByteMs : null,
    latencyMs: outcome.latencyMs,
    usage: billed.usage,
  });
  const atMs = ports.clock.now();
  ports.telemetry.track({
    type: 'attempt',
    atMs,
    traceparent: job.traceparent,
    team: job.team,
    jobId: job.id,
    attempt: attempt.number,
    model: job.model,
    endpoint: job.endpoint,
    deployment: attempt.deployment,
    region: attempt.region,
    target: new URL(deployment.endpoint).host,
    statusCode: attempt.statusCode,
    outcome: attempt.outcome,
    errorCode: attempt.reason,
    usage: billed.usage,
    costNanoUsd: billed.cost.nanoUsd,
    latencyMs: attempt.latencyMs,
  });
  const { notice } = classification;
  if (notice === null) return;
  ports.telemetry.track({
    type: 'notice',
    atMs,
    level: notice.level,
    name: notice.name,
    message: describeNotice(notice.name, attempt.deployment),
    fields: { model: job.model, deployment: attempt.deployment, region: attempt.region, endpoint: job.endpoint },
  });
}

/** What the service says is left; zero, −1 and nonsense teach nothing. */
function positiveNumber(text: string | undefined): number | null {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : null;
}
