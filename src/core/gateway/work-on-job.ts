import type { Booking } from '../capacity/capacity.ts';
import type { Ticket } from '../capacity/ticket.ts';
import { findDeployment } from '../config/find-deployment.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { Job, JobError } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { startRerun } from '../jobs/move-live-job.ts';
import { estimateRerun } from '../tokens/estimate-rerun.ts';
import type { Versioned } from '../versioned.ts';
import { keepContent } from './answer-content.ts';
import { claimJob } from './claim-job.ts';
import { decideAfter } from './decide-after.ts';
import { type Ending, endJob } from './end-job.ts';
import { type Held, holdClaim } from './hold-claim.ts';
import { type AttemptResult, makeAttempt } from './make-attempt.ts';
import { parkJob } from './park-job.ts';
import { persist } from './persist.ts';
import type { Ports } from './ports.ts';
import { prepareBody, withImposedCap } from './prepare-body.ts';
import { jobOfRun } from './run-again.ts';
import { isLate, type Turn, takeTurn } from './take-turn.ts';

/** Where a job stands between two attempts of one worker. */
export interface Round {
  readonly row: Versioned<LiveJob>;
  /** Usage rows of attempts that are on the row in hand but not yet written. */
  readonly unwritten: readonly UsageRow[];
  /** Index of the round's first attempt among the job's attempts. */
  readonly roundStart: number;
  /** Deployments that failed in this round. */
  readonly exclude: readonly string[];
  /** Pause before the next turn is asked for. */
  readonly pauseMs: number;
}

export type WorkOutcome = 'ended' | 'parked' | 'lost';

/** The one attempt loop: turn, claim, call, then whatever the decision after it says. */
export async function workOnJob(ports: Ports, job: Job, row: Versioned<LiveJob>): Promise<WorkOutcome> {
  const run = jobOfRun(job, row.value);
  const body = await prepareBody(ports, run);
  const round: Round = { row, unwritten: [], roundStart: row.value.attempts.length, exclude: [], pauseMs: 0 };
  if (body === null) return finish(ports, job, round, { status: 'failed', response: null, error: contentMissing });
  return runRounds(ports, job, { run, body, round });
}

/** `run` is the job as its present run is estimated and capped; `job` is what was accepted and will end. */
async function runRounds(
  ports: Ports,
  job: Job,
  start: { run: Job; body: Readonly<Record<string, unknown>>; round: Round },
): Promise<WorkOutcome> {
  let { run, body, round } = start;
  for (;;) {
    const held = await nextTurn(ports, run, round);
    round = { ...round, row: held.row, pauseMs: 0 };
    const turn = held.result;
    if (held.cause !== null && turn.outcome === 'booked') ports.capacity.release(turn.booking);
    if (held.cause === 'cancelled') return finish(ports, job, round, cancelled);
    if (held.cause !== null || turn.outcome === 'cut') return 'lost';
    if (turn.outcome === 'never') {
      return finish(ports, job, round, {
        status: 'failed',
        response: null,
        error: tooLarge(turn.limitTokens, turn.neededTokens),
      });
    }
    if (turn.outcome === 'deadline')
      return finish(ports, job, round, { status: 'expired', response: null, error: null });
    if (turn.outcome === 'park') {
      return park(ports, job, round, {
        untilMs: turn.untilMs,
        ticket: turn.ticket,
        reason: turn.reason,
        isRoundOver: false,
      });
    }
    const attempted = await attempt(ports, run, round, { booking: turn.booking, ticket: turn.ticket, body });
    if (attempted.outcome === 'lost') return 'lost';
    if (attempted.outcome === 'booking_void') {
      round = attempted.round;
      continue;
    }
    if (attempted.outcome === 'cancelled') return finish(ports, job, { ...round, row: attempted.row }, cancelled);
    const { result } = attempted;
    round = {
      ...round,
      row: result.row,
      unwritten: [result.usageRow],
      exclude: [...round.exclude, turn.booking.deployment],
    };
    const next = await decideAfter(ports, job, round, result);
    switch (next.outcome) {
      case 'fenced':
        return 'lost';
      case 'end':
        return finish(ports, job, round, {
          ...next.ending,
          response: await keepResponse(ports, job, result, next.ending),
        });
      case 'park':
        return park(ports, job, round, { ...next, ticket: round.row.value.ticket });
      case 'again':
        round = { ...round, pauseMs: next.delayMs, exclude: next.isNewRoundOfDeployments ? [] : round.exclude };
        break;
      case 'rerun': {
        round = await beginRerun(ports, job, round, result);
        run = jobOfRun(job, round.row.value);
        body = withImposedCap(run, body);
      }
    }
  }
}

/** Keeps the answer that the cap cut short and begins a round of its own for the larger cap. */
async function beginRerun(ports: Ports, job: Job, round: Round, result: AttemptResult): Promise<Round> {
  const answer = await keepResponse(ports, job, result, { status: 'succeeded' });
  const larger = estimateRerun(job.estimate)?.imposedOutputCap ?? null;
  if (answer === null || larger === null) return round;
  const at = { atMs: ports.clock.now(), outputCap: larger };
  const value = startRerun(round.row.value, { reason: 'cap', answer }, at);
  return { ...round, row: { ...round.row, value }, roundStart: value.attempts.length, exclude: [] };
}

/** The pause and the wait for a turn, with the claim of the attempt before kept alive. */
function nextTurn(ports: Ports, job: Job, { row, exclude, pauseMs }: Round): Promise<Held<Turn>> {
  return holdClaim(ports, row, async (signal) => {
    await ports.clock.sleep(pauseMs, AbortSignal.any([ports.drain.waits, signal]));
    return takeTurn(ports, job, { ticket: row.value.ticket, exclude, urgent: exclude.length > 0, signal });
  });
}

type Attempted =
  | { readonly outcome: 'attempted'; readonly result: AttemptResult }
  | { readonly outcome: 'lost' }
  /** Nothing was sent: the turn has to be taken anew. */
  | { readonly outcome: 'booking_void'; readonly round: Round }
  | { readonly outcome: 'cancelled'; readonly row: Versioned<LiveJob> };

async function attempt(
  ports: Ports,
  job: Job,
  round: Round,
  turn: { booking: Booking; ticket: Ticket | null; body: Readonly<Record<string, unknown>> },
): Promise<Attempted> {
  const { booking, ticket, body } = turn;
  const deployment = findDeployment(ports.config.current(), job.model, booking.deployment);
  // The configuration may have changed between booking and send: book again on what there is now.
  const claimed = deployment === null ? null : await claimJob(ports, job, round, { booking, ticket, deployment });
  if (claimed === null || deployment === null || claimed.outcome !== 'advanced') {
    ports.capacity.release(booking);
    return claimed === null || claimed.outcome === 'advanced' ? { outcome: 'booking_void', round } : claimed;
  }
  await ports.clock.sleep(booking.sendAtMs - ports.clock.now());
  // Storage took its time over the claim: nothing is sent late, past the deadline, or by a process that ends.
  if (isLate(ports, booking) || ports.clock.now() >= job.deadlineAtMs || ports.drain.isDraining) {
    ports.capacity.release(booking);
    return { outcome: 'booking_void', round: { ...round, row: claimed.row, unwritten: [] } };
  }
  return { outcome: 'attempted', result: await makeAttempt(ports, job, claimed.row, { booking, deployment, body }) };
}

async function finish(ports: Ports, job: Job, round: Round, ending: Omit<Ending, 'usage'>): Promise<WorkOutcome> {
  const ended = await endJob(ports, job, round.row, { ...ending, usage: round.unwritten });
  return ended.outcome === 'ended' ? 'ended' : 'lost';
}

async function park(
  ports: Ports,
  job: Job,
  round: Round,
  how: { untilMs: number; ticket: Ticket | null; reason: string; isRoundOver: boolean },
): Promise<WorkOutcome> {
  const { budgetPeriod } = job;
  const parked = await persist(ports, () =>
    parkJob(ports, round.row, { ...how, usage: round.unwritten, budgetPeriod }),
  );
  if (parked.outcome === 'cancelled') return finish(ports, job, { ...round, row: parked.row }, cancelled);
  return parked.outcome === 'advanced' ? 'parked' : 'lost';
}

const cancelled = { status: 'cancelled', response: null, error: null } as const;

/** A failed job has a response too if the upstream answered. */
async function keepResponse(
  ports: Ports,
  job: Job,
  result: AttemptResult,
  { status }: Pick<Ending, 'status'>,
): Promise<Ending['response']> {
  const { outcome } = result;
  if (outcome.kind !== 'answered') return null;
  const { statusCode, requestId, text } = outcome;
  const part = status === 'succeeded' ? 'answer' : 'refusal';
  const body = await persist(ports, () => keepContent(ports, job, part, result.row.value.attempt, text));
  return { statusCode, requestId, body };
}

const contentMissing: JobError = {
  type: 'server_error',
  code: 'content_missing',
  message: "The job's stored request is missing or damaged; it was not sent. Submit it again.",
};

function tooLarge(limitTokens: number, neededTokens: number): JobError {
  return {
    type: 'invalid_request_error',
    code: 'request_too_large',
    message: `The request needs ${neededTokens} tokens of quota at once; the largest deployment of its model allows ${limitTokens} per minute. Shorten the prompt or lower the output cap.`,
  };
}
