import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { estimateRerun } from '../tokens/estimate-rerun.ts';
import type { Ending } from './end-job.ts';
import type { AttemptResult } from './make-attempt.ts';

/** The job as its present run is estimated, booked and capped: a re-run has the larger cap. */
export function jobOfRun(job: Job, live: LiveJob): Job {
  const rerun = (live.rerun ?? null) === null ? null : estimateRerun(job.estimate);
  return rerun === null ? job : { ...job, estimate: rerun };
}

/** How chat and responses say that the output cap ended an answer. */
const endedByCap: readonly string[] = ['length', 'max_output_tokens'];

/**
 * Whether an answer is to be asked for once more: Weir's own cap cut it short, a larger one is held for, and neither the job's time
 * nor its calls are used up. An answer shorter than the cap ran into the model's own limit, which a larger cap does not move.
 */
export function isWorthRerun(
  job: Job,
  result: Pick<AttemptResult, 'classification' | 'row'>,
  at: { readonly nowMs: number; readonly maxAttempts: number },
): boolean {
  const { classification, row } = result;
  const cap = job.estimate.imposedOutputCap;
  if (cap === null || estimateRerun(job.estimate) === null || (row.value.rerun ?? null) !== null) return false;
  if (row.value.cancelRequested || at.nowMs >= job.deadlineAtMs) return false;
  if (row.value.attempts.length >= at.maxAttempts) return false;
  const { billing, finishReasons } = classification;
  if (billing.kind === 'measured' && billing.usage.outputTokens < cap) return false;
  return finishReasons.some((reason) => endedByCap.includes(reason));
}

/** How a job ends that was run again: whatever became of the second run, the first one's answer is in hand. */
export function withAnswerInHand(live: LiveJob, ending: Ending): Ending {
  const rerun = live.rerun ?? null;
  if (rerun === null || ending.status === 'succeeded') return ending;
  return { ...ending, status: 'succeeded', response: rerun.answer, error: null };
}
