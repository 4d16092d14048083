import { findPool } from '../config/find-deployment.ts';
import type { Job } from '../jobs/job.ts';
import { countAttempts, decideRetry } from '../retry/retry-policy.ts';
import type { Ending } from './end-job.ts';
import type { AttemptResult } from './make-attempt.ts';
import type { Ports } from './ports.ts';
import type { Round } from './work-on-job.ts';

/** What follows an attempt. */
export type Next =
  | { readonly outcome: 'fenced' }
  | { readonly outcome: 'end'; readonly ending: Pick<Ending, 'status' | 'error'> }
  | { readonly outcome: 'park'; readonly untilMs: number; readonly reason: string; readonly isRoundOver: boolean }
  | { readonly outcome: 'again'; readonly delayMs: number; readonly isNewRoundOfDeployments: boolean };

/** Turns a judged attempt into the next step: what cut the call short decides first, then the retry policy. */
export function decideAfter(ports: Ports, job: Job, round: Round, result: AttemptResult): Next {
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
  if (classification.verdict === 'succeeded') return { outcome: 'end', ending: { status: 'succeeded', error: null } };
  const { retry } = ports.config.current();
  const { attempts, rounds } = result.row.value;
  const counted = attempts.filter((attempt) => attempt.reason !== 'drain');
  const tried = new Set(round.exclude);
  const pool = findPool(ports.config.current(), job.model);
  const others = pool?.deployments.filter((deployment) => !tried.has(deployment.name) && !deployment.paused) ?? [];
  const decision = decideRetry(
    {
      ...countAttempts(counted, round.roundStart),
      rounds,
      deploymentsLeft: others.length,
      hasBudget: true,
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
        isRoundOver: true,
      };
  }
}
