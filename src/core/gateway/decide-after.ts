import { estimateAdmission } from '../capacity/admission-estimate.ts';
import type { DeploymentView } from '../capacity/capacity.ts';
import { convertDeployments, holdersOf } from '../capacity/pool-limits.ts';
import { findPool } from '../config/find-deployment.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import { countAttempts, decideRetry } from '../retry/retry-policy.ts';
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
  const othersOpen = await countOpenOthers(ports, job, round.exclude);
  const decision = decideRetry(
    {
      ...countAttempts(attempts, round.roundAfter),
      rounds,
      deploymentsLeft: othersOpen,
      hasBudget: ports.extraCalls.hasRoom,
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
        untilMs: now + decision.delayMs,
        reason: classification.reason ?? decision.reason,
        // A 429 is a deferral: it does not lengthen the back-off between rounds.
        isRoundOver: classification.verdict !== 'throttled',
      };
  }
}

/**
 * Deployments of the pool that can hold the job, were not tried in this round and take calls, as the shared row was last read. With storage
 * away the configured ones count: an answer in hand must not be lost over a forecast.
 */
async function countOpenOthers(ports: Ports, job: Job, tried: readonly string[]): Promise<number> {
  const { model, lane, estimate } = job;
  const config = ports.config.current();
  const pool = findPool(config, model);
  if (pool === null) return 0;
  const holders = holdersOf(convertDeployments(config, pool), lane, estimateAdmission(estimate));
  const others = holders.filter(({ name }) => !tried.includes(name));
  try {
    const views = await ports.capacity.view(model);
    const now = ports.clock.now();
    const isDue = ({ nextProbeAtMs, breakerReason }: DeploymentView) =>
      nextProbeAtMs !== null && nextProbeAtMs <= now && !isSilence(breakerReason);
    const isOpen = (view: DeploymentView) => view.health === 'healthy' || (view.health !== 'paused' && isDue(view));
    return views.filter((view) => others.some(({ name }) => name === view.deployment) && isOpen(view)).length;
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    return others.filter(({ isPaused }) => !isPaused).length;
  }
}
