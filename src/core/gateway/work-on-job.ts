import type { Booking } from '../capacity/capacity.ts';
import type { Ticket } from '../capacity/ticket.ts';
import { findDeployment } from '../config/find-deployment.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { mayTestDeployments } from '../jobs/may-test-deployments.ts';
import { startRerun } from '../jobs/move-live-job.ts';
import { wasRefusedByFallback } from '../jobs/was-refused-by-fallback.ts';
import { estimateRerun } from '../tokens/estimate-rerun.ts';
import type { Versioned } from '../versioned.ts';
import { claimJob } from './claim-job.ts';
import { decideAfter } from './decide-after.ts';
import { type Held, holdClaim } from './hold-claim.ts';
import { budgetSpent, contentMissing, exceedsQuota } from './job-errors.ts';
import { cancelled, finish, keepResponse, park, type WorkOutcome } from './leave-job.ts';
import { type AttemptResult, makeAttempt } from './make-attempt.ts';
import type { Ports } from './ports.ts';
import { readBody, withImposedCap } from './prepare-body.ts';
import { openRound, type Round } from './round.ts';
import { jobOfRun } from './run-again.ts';
import { isLate, type Turn, takeTurn } from './take-turn.ts';
import { watchSilence } from './watch-silence.ts';

/** Calls of one invocation end within this: storage may take eight minutes more (persist.ts), and host.json ends it at thirty. */
const invocationMs = 21 * 60_000;
/** A job that was interrupted because storage is away looks again after this. */
const storagePauseMs = 5000;
/** A job that this process has no credential for is looked at again after this, give or take half. */
const unreadyPauseMs = 5000;

/** The job as its present run is estimated and capped, and the body as the caller sent it. */
interface Run {
  readonly job: Job;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Makes the attempts of one worker: turn, claim, call, then whatever the decision after it says. */
export async function workOnJob(ports: Ports, job: Job, row: Versioned<LiveJob>): Promise<WorkOutcome> {
  const startedAtMs = ports.clock.now();
  let round = openRound(row);
  const present = jobOfRun(job, row.value);
  const body = await readBody(ports, present);
  if (body === null) return finish(ports, job, round, { status: 'failed', error: contentMissing });
  let run: Run = { job: present, body };
  for (;;) {
    const isSpent = ports.clock.now() - startedAtMs + ports.config.current().timeouts.totalMs > invocationMs;
    if (isSpent && round.row.value.state === 'running') return parkForNow(ports, job, round, 'invocation_time');
    const held = await nextTurn(ports, run.job, round);
    round = { ...round, row: held.row, pauseMs: 0 };
    const turn = held.result;
    if (held.cause !== null && turn.outcome === 'booked') ports.capacity.release(turn.booking);
    if (held.cause === 'cancelled') return finish(ports, job, round, cancelled);
    if (held.cause !== null) return 'lost';
    if (turn.outcome !== 'booked') return leaveWithoutTurn(ports, job, round, turn);
    const attempted = await attempt(ports, run, round, turn);
    if (attempted.outcome === 'lost') return 'lost';
    if (attempted.outcome === 'unready') return leaveToOthers(ports, job, round);
    round = attempted.round;
    if (attempted.outcome === 'not_sent') continue;
    if (attempted.outcome === 'cancelled') return finish(ports, job, round, cancelled);
    if (attempted.outcome === 'refused') return finish(ports, job, round, { status: 'failed', error: budgetSpent });
    const { result } = attempted;
    const next = await decideAfter(ports, job, round, result);
    switch (next.outcome) {
      case 'fenced':
        return 'lost';
      case 'end':
        return finish(ports, job, round, next.ending, result);
      case 'park':
        return park(ports, job, round, { ...next, ticket: round.row.value.ticket });
      case 'again':
        round = { ...round, pauseMs: next.delayMs, exclude: next.isNewRoundOfDeployments ? [] : round.exclude };
        break;
      case 'rerun': {
        round = await beginRerun(ports, job, round, result);
        const rerun = jobOfRun(job, round.row.value);
        run = { ...run, job: rerun };
      }
    }
  }
}

/** The pause and the wait for a turn, with the claim of the attempt before kept alive. Storage that is away is a wait too. */
function nextTurn(ports: Ports, job: Job, { row, exclude, pauseMs }: Round): Promise<Held<Turn>> {
  const { ticket, state } = row.value;
  return holdClaim(ports, row, async (signal) => {
    await ports.clock.sleep(pauseMs, AbortSignal.any([ports.drain.waits, signal]));
    try {
      const mayProbe = mayTestDeployments(row.value, ports.clock.now());
      const avoid = [...exclude, ...ports.readiness.unready(job.model)];
      const mayFallBack = !wasRefusedByFallback(row.value);
      const urgent = exclude.length > 0;
      return await takeTurn(ports, job, { ticket, exclude: avoid, urgent, mayProbe, mayFallBack, signal });
    } catch (error) {
      // Nothing in hand: the message comes again. After an attempt its record has to be put down first.
      if (!(error instanceof StorageUnavailableError) || state === 'queued') throw error;
      return { outcome: 'park', untilMs: ports.clock.now() + storagePauseMs, ticket, reason: 'storage' };
    }
  });
}

function leaveWithoutTurn(
  ports: Ports,
  job: Job,
  round: Round,
  turn: Exclude<Turn, { outcome: 'booked' }>,
): Promise<WorkOutcome> | WorkOutcome {
  switch (turn.outcome) {
    case 'cut':
      return 'lost';
    case 'never':
      return finish(ports, job, round, { status: 'failed', error: exceedsQuota(turn) });
    case 'deadline':
      return finish(ports, job, withTicket(round, turn.ticket), { status: 'expired', error: null });
    case 'park':
      return park(ports, job, round, { ...turn, isRoundOver: false });
  }
}

/** The end of a job gives back the ticket in hand, which no row has seen yet when this is its first wake. */
function withTicket(round: Round, ticket: Ticket | null): Round {
  const { row } = round;
  return { ...round, row: { ...row, value: { ...row.value, ticket: row.value.ticket ?? ticket } } };
}

function parkForNow(ports: Ports, job: Job, round: Round, reason: string): Promise<WorkOutcome> {
  const { ticket } = round.row.value;
  return park(ports, job, round, { untilMs: ports.clock.now() + round.pauseMs, ticket, reason, isRoundOver: false });
}

/** This process cannot sign calls of any deployment that takes them: the job goes back to the queue for one that can. */
function leaveToOthers(ports: Ports, job: Job, round: Round): Promise<WorkOutcome> {
  const { ticket } = round.row.value;
  const untilMs = ports.clock.now() + unreadyPauseMs * (0.5 + ports.random.next());
  return park(ports, job, round, { untilMs, ticket, reason: 'credential_unavailable', isRoundOver: false });
}

type Attempted =
  | { readonly outcome: 'attempted'; readonly round: Round; readonly result: AttemptResult }
  | { readonly outcome: 'lost' }
  /** Nothing was sent: the turn has to be taken anew. */
  | { readonly outcome: 'not_sent'; readonly round: Round }
  /** Only deployments that this process cannot sign calls for take any. */
  | { readonly outcome: 'unready' }
  | { readonly outcome: 'cancelled'; readonly round: Round }
  /** The budget has no room for another call. */
  | { readonly outcome: 'refused'; readonly round: Round };

/** Claims under the booking and makes the call. Whatever keeps it from being sent gives the booking back. */
async function attempt(
  ports: Ports,
  run: Run,
  round: Round,
  { booking, ticket }: { booking: Booking; ticket: Ticket | null },
): Promise<Attempted> {
  let isSent = false;
  const isFallback = booking.model !== run.job.model;
  // Claim, price, accounts and telemetry are those of the model that is called.
  const job = isFallback ? { ...run.job, model: booking.model } : run.job;
  try {
    const deployment = findDeployment(ports.config.current(), job.model, booking.deployment);
    // The configuration changed between booking and send: book again on what there is now.
    if (deployment === null) return { outcome: 'not_sent', round };
    if (ports.readiness.unready(job.model).includes(deployment.name)) return { outcome: 'unready' };
    const isPrepared = await ports.readiness.prepare(job.model, deployment);
    if (!isPrepared || isLate(ports, booking)) return { outcome: 'not_sent', round };
    const claimingAtMs = ports.clock.now();
    const held = await holdClaim(ports, round.row, () => claimJob(ports, job, round, { booking, ticket, deployment }));
    ports.claimPace.note(ports.clock.now() - claimingAtMs);
    const claimed = held.result;
    if (claimed.outcome === 'lost') return claimed;
    if (claimed.outcome === 'refused') return { outcome: 'refused', round };
    if (claimed.outcome === 'cancelled') return { outcome: 'cancelled', round: { ...round, row: claimed.row } };
    await ports.clock.sleep(booking.sendAtMs - ports.clock.now());
    // A token that has just run out is fetched before lateness is judged: from here on nothing stands between decision and send.
    const isStillPrepared = await ports.readiness.prepare(job.model, deployment);
    // Storage took its time over the claim: nothing is sent late, past the deadline, or by a process that ends.
    if (!isStillPrepared || isLate(ports, booking) || ports.clock.now() >= job.deadlineAtMs || ports.drain.isDraining) {
      return { outcome: 'not_sent', round: { ...round, row: claimed.row, unwritten: [] } };
    }
    isSent = true;
    const body = withImposedCap(job, run.body);
    const { row } = claimed;
    const result = await watchSilence(ports, job, booking.deployment, () =>
      makeAttempt(ports, job, row, { booking, deployment, body }),
    );
    const exclude = isFallback ? round.exclude : [...round.exclude, booking.deployment];
    return {
      outcome: 'attempted',
      round: { ...round, row: result.row, unwritten: [result.usageRow], exclude },
      result,
    };
  } finally {
    if (!isSent) ports.capacity.release(booking);
  }
}

/** Keeps the answer that the cap cut short and begins a round of its own for the larger cap. */
async function beginRerun(ports: Ports, job: Job, round: Round, result: AttemptResult): Promise<Round> {
  const held = await holdClaim(ports, round.row, () => keepResponse(ports, job, result, 'succeeded'));
  const answer = held.result;
  const kept = { ...round, row: held.row };
  const larger = estimateRerun(job.estimate)?.imposedOutputCap ?? null;
  if (answer === null || larger === null) return kept;
  const at = { atMs: ports.clock.now(), outputCap: larger };
  const value = startRerun(held.row.value, { reason: 'cap', answer }, at);
  return { ...kept, row: { ...held.row, value }, roundAfter: value.attempt, exclude: [] };
}
