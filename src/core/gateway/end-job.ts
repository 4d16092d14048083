import type { UsageRow } from '../cost/usage-row.ts';
import type { Job, JobEnd, JobError, JobResponse, TerminalStatus } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { versionOf } from '../jobs/repair-store.ts';
import { appendTrail } from '../jobs/trail.ts';
import { noUsage } from '../tokens/usage.ts';
import { DamagedRowError, type Versioned } from '../versioned.ts';
import { isSameClaim, withNewFlags } from './advance-job.ts';
import { settleHold } from './money-orders.ts';
import { once, type Write } from './persist.ts';
import type { Ports } from './ports.ts';
import { withAnswerInHand } from './run-again.ts';

/** How a job shall end. `usage` are the rows of attempts that are on the live row but not yet on the accounts. */
export interface Ending {
  readonly status: TerminalStatus;
  readonly response: JobResponse | null;
  readonly error: JobError | null;
  readonly usage: readonly UsageRow[];
  /** How storage that is away is met: one try, unless a worker has a result in hand. */
  readonly write?: Write;
  /** The job is taken over because its lease has run out: should its worker have renewed it meanwhile, it is left to that worker. */
  readonly isTakeOver?: boolean;
}

/** `fenced`: another worker has claimed the job since, or it has ended; this result is not the answer. */
export type EndResult = { readonly outcome: 'ended'; readonly job: Job } | { readonly outcome: 'fenced' };

/**
 * Commits a job's end in one transaction: result, usage rows, budget settled, live row gone. A cancellation that was asked for meanwhile does not undo an answer that came first.
 */
export async function endJob(ports: Ports, job: Job, row: Versioned<LiveJob>, asked: Ending): Promise<EndResult> {
  const ending = withAnswerInHand(row.value, asked);
  const write = asked.write ?? once;
  let current = row;
  let tries = 0;
  const nowMs = ports.clock.now();
  for (;;) {
    const ended: Job = { ...job, end: describeEnd(current.value, ending, nowMs) };
    const written = current;
    const erase = written.value.eraseRequested ? await eraseContent(ports, job, write) : undefined;
    const result = await write(() => {
      tries += 1;
      return ports.writer.submit(job.team, {
        change: { kind: 'end', job: ended, version: written.version, usage: ending.usage, erase },
        period: job.budgetPeriod,
        decideMoney: settleHold(job.holdNanoUsd, ending.usage),
      });
    });
    if (result.outcome === 'applied' || (tries > 1 && (await hasEndedSo(ports, ended, write)))) {
      ports.signals.announceEnd(job.id);
      leaveLine(ports, job, current.value);
      report(ports, ended);
      return { outcome: 'ended', job: ended };
    }
    const read = await readUnlessDamaged(ports, job, write);
    const isTouched = read === 'damaged' || read === null || read.version === written.version;
    if (isTouched && asked.isTakeOver !== true && row.value.state === 'running') {
      // Nobody took the job, and yet its end does not fit: its rows were deleted or damaged by hand under its worker.
      const restored = await write(() => endDamagedJob(ports, ended, row.value, ending));
      if (restored) return { outcome: 'ended', job: ended };
    }
    if (isTouched || !isSameClaim(read.value, row.value)) return { outcome: 'fenced' };
    if (asked.isTakeOver === true && read.value.lease?.untilMs !== row.value.lease?.untilMs)
      return { outcome: 'fenced' };
    // Only flags changed under us: what this attempt knows still holds.
    current = withNewFlags(current, read);
  }
}

async function readUnlessDamaged(ports: Ports, { team, id }: Job, write: Write) {
  try {
    return await write(() => ports.jobs.readLive(team, id));
  } catch (error) {
    if (error instanceof DamagedRowError) return 'damaged';
    throw error;
  }
}

/**
 * Commits the end that a worker has in hand although a row of the job is gone or damaged: the job's row is written as a whole. False
 * when the job has ended, is another worker's, or nothing of it is left.
 */
async function endDamagedJob(ports: Ports, ended: Job, mine: LiveJob, { usage }: Ending): Promise<boolean> {
  const live = await ports.repairs.findLive(ended.team, ended.id);
  const job = await ports.repairs.findJob(ended.team, ended.id);
  const isOpen = job.kind === 'read' && job.value.end === null;
  const isMine = live.kind === 'read' && isSameClaim(live.value, mine);
  const isKnown = live.kind === 'absent' ? isOpen : isMine || live.kind === 'damaged';
  const isEnded = job.kind === 'newer' || (job.kind === 'read' && !isOpen);
  if (!isKnown || isEnded) return false;
  const result = await ports.writer.submit(ended.team, {
    change: { kind: 'bury', job: ended, jobVersion: versionOf(job), liveVersion: versionOf(live), usage },
    period: ended.budgetPeriod,
    decideMoney: settleHold(ended.holdNanoUsd, usage),
  });
  if (result.outcome !== 'applied') return false;
  ports.signals.announceEnd(ended.id);
  report(ports, ended);
  return true;
}

/** After a try without a reply: whether the job has ended just as this worker wanted, for then it was this worker. */
async function hasEndedSo(ports: Ports, job: Job, write: Write): Promise<boolean> {
  const stored = await write(() => ports.jobs.readJob(job.team, job.id));
  const [theirs, mine] = [stored?.end, job.end];
  if (theirs === null || theirs === undefined || mine === null) return false;
  return (
    theirs.status === mine.status &&
    theirs.finishedAtMs === mine.finishedAtMs &&
    theirs.attempts.length === mine.attempts.length &&
    theirs.attempts.at(-1)?.number === mine.attempts.at(-1)?.number
  );
}

/** Who never went must not keep those behind it waiting for its turn. */
function leaveLine(ports: Ports, job: Job, live: LiveJob): void {
  if (live.ticket === null || live.attempts.length > 0) return;
  const { team, model, lane, estimate } = job;
  ports.capacity.leave({ jobId: job.id, team, model, lane, estimate, ticket: live.ticket });
}

/**
 * Deleted while it ran: what is stored goes before the commit, the rows go with it. After the commit nobody would know any more
 * that something is left to erase.
 */
async function eraseContent(ports: Ports, job: Job, write: Write): Promise<{ readonly keySha256: string | null }> {
  await write(() => ports.contents.erase(job.team, job.id));
  const keySha256 = job.idempotencyKeySha256;
  if (keySha256 === null) return { keySha256 };
  const owner = await write(() => findOwner(ports, job.team, keySha256));
  return { keySha256: owner === job.id ? keySha256 : null };
}

/** The job a key stands for; a key that cannot be read stands for nothing, and the next submission under it frees it. */
async function findOwner(ports: Ports, team: string, keySha256: string): Promise<string | null> {
  try {
    return await ports.jobs.findByIdempotencyKey(team, keySha256);
  } catch (error) {
    if (error instanceof DamagedRowError) return null;
    throw error;
  }
}

/** A job's end from its live row; null: nothing is left of that, and what was billed is told by the usage rows alone. */
export function describeEnd(live: LiveJob | null, ending: Ending, nowMs: number): JobEnd {
  const billed = live?.billed ?? { usage: noUsage, cost: { nanoUsd: 0, priceId: null, measured: false } };
  return {
    status: ending.status,
    startedAtMs: live?.attempts[0]?.startedAtMs ?? null,
    finishedAtMs: nowMs,
    response: ending.response,
    error: ending.error,
    usage: billed.usage,
    cost: billed.cost,
    cache: 'miss',
    attempts: live?.attempts ?? [],
    trail: appendTrail(live?.trail ?? [], { atMs: nowMs, type: ending.status, reason: ending.error?.code ?? null }),
  };
}

function report(ports: Ports, job: Job): void {
  const end = job.end;
  if (end === null) return;
  ports.telemetry.track({
    type: 'job',
    atMs: end.finishedAtMs,
    traceparent: job.traceparent,
    team: job.team,
    jobId: job.id,
    status: end.status,
    model: job.model,
    lane: job.lane,
    attempts: end.attempts.length,
    usage: end.usage,
    costNanoUsd: end.cost.nanoUsd,
    queueMs: (end.startedAtMs ?? end.finishedAtMs) - job.createdAtMs,
    latencyMs: end.finishedAtMs - job.createdAtMs,
    errorCode: end.error?.code ?? null,
  });
}
