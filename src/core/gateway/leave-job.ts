import type { Ticket } from '../capacity/ticket.ts';
import type { Job } from '../jobs/job.ts';
import { keepContent } from './answer-content.ts';
import { type Ending, endJob } from './end-job.ts';
import { holdClaim } from './hold-claim.ts';
import type { AttemptResult } from './make-attempt.ts';
import { parkJob } from './park-job.ts';
import { once, patiently, persist, type Write } from './persist.ts';
import type { Ports } from './ports.ts';
import type { Round } from './round.ts';

/** How a worker leaves a job. */
export type WorkOutcome = 'ended' | 'parked' | 'lost';

/** An ending without its answer, which is kept on the way out. */
export type Verdict = Pick<Ending, 'status' | 'error'>;

/**
 * Ends the job with the answer of its last attempt, if there is one. The claim is kept alive meanwhile: storing a large
 * answer, or waiting for storage that is away, takes longer than a lease, and an answer in hand was paid for.
 */
export async function finish(
  ports: Ports,
  job: Job,
  round: Round,
  verdict: Verdict,
  result: AttemptResult | null = null,
): Promise<WorkOutcome> {
  const held = await holdClaim(ports, round.row, async () => {
    const response = result === null ? null : await keepResponse(ports, job, result, verdict.status);
    return endJob(ports, job, round.row, {
      ...verdict,
      response,
      usage: round.unwritten,
      write: writeFor(ports, round),
    });
  });
  return held.result.outcome === 'ended' ? 'ended' : 'lost';
}

/** Parks the job; one that was cancelled meanwhile ends instead. */
export async function park(
  ports: Ports,
  job: Job,
  round: Round,
  how: { untilMs: number; ticket: Ticket | null; reason: string; isRoundOver: boolean },
): Promise<WorkOutcome> {
  const { budgetPeriod } = job;
  const held = await holdClaim(ports, round.row, () =>
    parkJob(ports, round.row, { ...how, usage: round.unwritten, budgetPeriod }, writeFor(ports, round)),
  );
  const parked = held.result;
  if (parked.outcome === 'cancelled') return finish(ports, job, { ...round, row: parked.row }, cancelled);
  return parked.outcome === 'advanced' ? 'parked' : 'lost';
}

export const cancelled: Verdict = { status: 'cancelled', error: null };

/** Keeps what the upstream answered, as the job's answer or as the refusal it failed with; null when nothing was answered. */
export async function keepResponse(
  ports: Ports,
  job: Job,
  result: AttemptResult,
  status: Ending['status'],
): Promise<Ending['response']> {
  const { outcome } = result;
  if (outcome.kind !== 'answered') return null;
  const { statusCode, requestId, text } = outcome;
  const part = status === 'succeeded' ? 'answer' : 'refusal';
  const body = await persist(ports, () => keepContent(ports, job, part, result.row.value.attempt, text));
  return { statusCode, requestId, body };
}

/** Patience is for what was paid for: without it the message comes again and nothing is lost. */
function writeFor(ports: Ports, round: Round): Write {
  return round.row.value.state === 'running' ? patiently(ports) : once;
}
