import { estimateAdmission } from '../capacity/admission-estimate.ts';
import type { DeploymentView } from '../capacity/capacity.ts';
import { convertDeployments, holdersOf, isSwitchedOff } from '../capacity/pool-limits.ts';
import { findPool } from '../config/find-deployment.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import { wasRefusedByFallback } from '../jobs/was-refused-by-fallback.ts';
import { countAttempts, decideRetry } from '../retry/retry-policy.ts';
import { findEarliestOpening } from '../routing/earliest-opening.ts';
import { isSilence } from '../routing/silence.ts';
import type { Ending } from './end-job.ts';
import type { AttemptResult } from './make-attempt.ts';
import type { Ports } from './ports.ts';
import type { Round } from './round.ts';
import { isWorthRerun } from './run-again.ts';

/** What follows an attempt. */
export type Next =
  | { readonly outcome: 'fenced' }
  /** The answer is in hand, but Weir's own cap cut it short: once more with the larger one. */
  | { readonly outcome: 'rerun' }
  | { readonly outcome: 'end'; readonly ending: Pick<Ending, 'status' | 'error'> }
  | { readonly outcome: 'park'; readonly untilMs: number; readonly reason: string; readonly isRoundOver: boolean }
  | { readonly outcome: 'again'; readonly delayMs: number; readonly isNewRoundOfDeployments: boolean };

/** Turns a judged attempt into the next step: what cut the call short decides first, then the retry policy. */
export async function decideAfter(ports: Ports, job: Job, round: Round, result: AttemptResult): Promise<Next> {
  const now = ports.clock.now();
  switch (result.cut) {
    case 'lost':
      return { outcome: 'fenced' };
    case 'cancelled':
      return { outcome: 'end', ending: { status: 'cancelled', error: null } };
    case 'deadline':
      return { outcome: 'end', ending: { status: 'expired', error: null } };
    case 'drain':
      return { outcome: 'park', untilMs: now, reason: 'drain', isRoundOver: false };
    case null:
      break;
  }
  const { classification } = result;
  const { retry } = ports.config.current();
  if (classification.verdict === 'succeeded') {
    return isWorthRerun(job, result, { nowMs: now, maxAttempts: retry.maxAttempts })
      ? { outcome: 'rerun' }
      : { outcome: 'end', ending: { status: 'succeeded', error: null } };
  }
  const { attempts, rounds } = result.row.value;
  const counts = countAttempts(attempts, round.roundAfter);
  // A prompt that the content filter refused is refused by every model.
  const isOwnModelLeft =
    wasRefusedByFallback({ attempts: attempts.slice(-1) }) && classification.reason !== 'content_filter';
  if (isOwnModelLeft && counts.attempts < retry.maxAttempts) {
    return { outcome: 'again', delayMs: 0, isNewRoundOfDeployments: false };
  }
  const outlook = await readOutlook(ports, job, round.exclude);
  const decision = decideRetry(
    {
      ...counts,
      rounds,
      deploymentsLeft: outlook.othersOpen,
      // A 429 is a deferral and costs the service nothing: a deployment with room takes the job whatever others have failed.
      hasBudget: classification.verdict === 'throttled' || ports.extraCalls.hasRoom(outlook.callsLastMinute),
      deadlineAtMs: job.deadlineAtMs,
      isSynchronous: false,
    },
    classification,
    retry,
    now,
    ports.random,
  );
  switch (decision.next) {
    case 'give-up':
      return decision.reason === 'deadline'
        ? { outcome: 'end', ending: { status: 'expired', error: null } }
        : { outcome: 'end', ending: { status: 'failed', error: classification.error } };
    case 'another-deployment':
      return { outcome: 'again', delayMs: 0, isNewRoundOfDeployments: false };
    case 'wait':
      return { outcome: 'again', delayMs: decision.delayMs, isNewRoundOfDeployments: true };
    case 'requeue':
      return {
        outcome: 'park',
        // While all are out there is nothing to wake up for.
        untilMs: Math.min(job.deadlineAtMs, Math.max(now + decision.delayMs, outlook.openingMs ?? 0)),
        reason: classification.reason ?? decision.reason,
        // A 429 is a deferral: it does not lengthen the back-off between rounds.
        isRoundOver: classification.verdict !== 'throttled',
      };
  }
}

/** What the shared rows say, as they were last read, to a job that looks for another deployment. */
interface Outlook {
  /** Deployments that can hold the job, were not tried in this round and take calls. */
  readonly othersOpen: number;
  /** When one that can hold it takes calls again; null when nobody knows. */
  readonly openingMs: number | null;
  /** Calls to the pool in the last minute, of all processes; null when nobody knows. */
  readonly callsLastMinute: number | null;
}

/** With storage away the configured deployments count: an answer in hand must not be lost over a forecast. */
async function readOutlook(ports: Ports, job: Job, tried: readonly string[]): Promise<Outlook> {
  const { model, lane, estimate } = job;
  const config = ports.config.current();
  const pool = findPool(config, model);
  if (pool === null) return { othersOpen: 0, openingMs: null, callsLastMinute: null };
  const holders = holdersOf(convertDeployments(config, pool), lane, estimateAdmission(estimate));
  const isOther = (name: string) => !tried.includes(name);
  try {
    const all = await ports.capacity.view(model);
    const views = all.filter((view) => holders.some(({ name }) => name === view.deployment));
    const now = ports.clock.now();
    const isDue = ({ nextProbeAtMs, breakerReason }: DeploymentView) =>
      nextProbeAtMs !== null && nextProbeAtMs <= now && !isSilence(breakerReason);
    const isOpen = (view: DeploymentView) => view.health === 'healthy' || (view.health !== 'paused' && isDue(view));
    return {
      othersOpen: views.filter((view) => isOther(view.deployment) && isOpen(view)).length,
      openingMs: findEarliestOpening(views, now),
      callsLastMinute: all.reduce((sum, { requestsLastMinute }) => sum + requestsLastMinute, 0),
    };
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    const othersOpen = holders.filter((holder) => isOther(holder.name) && !isSwitchedOff(holder)).length;
    return { othersOpen, openingMs: null, callsLastMinute: null };
  }
}
