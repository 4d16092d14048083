import type { LineForecast } from '../capacity/capacity.ts';
import { lineOf, placeOf } from '../capacity/ticket.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { appendTrail } from '../jobs/trail.ts';
import type { Versioned } from '../versioned.ts';
import { advanceJob } from './advance-job.ts';
import type { Ports } from './ports.ts';
import { jobOfRun } from './run-again.ts';
import { wakeJob } from './wake-job.ts';

/** A turn within this time is worth waking for; who is due sooner wakes by its own message. */
const soonMs = 30_000;

/** Waits for capacity, as the trail tells them. A back-off or a service's hint is a promise that is kept, not an estimate. */
const estimatedWaits: ReadonlySet<string> = new Set([
  'line',
  'tpm',
  'rpm',
  'team_tpm',
  'team_rpm',
  'breaker',
  'paused',
]);

/** Whether a live row is parked on an estimate of its turn, be it near or far, as it was told when it asked or by the last sweep that woke it. */
export function isParked({ state, ticket, trail }: LiveJob): boolean {
  const last = trail.at(-1);
  const isEstimated = last?.type === 'resent' || (last?.type === 'deferred' && estimatedWaits.has(last.reason));
  return state === 'queued' && ticket !== null && isEstimated;
}

/** Whether it is parked beyond what the next sweeps will see, or to its end: it has no turn after that. */
export function isSleeper(live: LiveJob, nowMs: number): boolean {
  return isParked(live) && (live.dueAtMs - nowMs > soonMs || live.dueAtMs >= live.deadlineAtMs);
}

/**
 * Wakes the jobs whose turn comes much earlier than was estimated when they were parked: those before them ended, were
 * cancelled, or capacity came back. Lowest tickets of each line first, until one has to wait longer anyway. Whoever is before one of
 * these does not sleep longer than he does, however near his own time is.
 */
export async function wakeSleepers(
  ports: Ports,
  parked: readonly Versioned<LiveJob>[],
  tally: { woken: number },
): Promise<void> {
  const lines = Map.groupBy(
    parked,
    ({ value: { model, lane, team, ticket } }) => `${model}|${lane}|${lineOf(ticket, team) ?? ''}`,
  );
  for (const line of lines.values()) {
    line.sort((left, right) => placeOf(left.value.ticket) - placeOf(right.value.ticket));
    await wakeLine(ports, line, tally);
  }
}

async function wakeLine(ports: Ports, line: readonly Versioned<LiveJob>[], tally: { woken: number }): Promise<void> {
  const turnedOff = new Set<string>();
  let passed = 0;
  for (const [index, row] of line.entries()) {
    if (ports.drain.isDraining) return;
    const { team } = row.value;
    // One job of a team that is turned off speaks for all; it keeps no other team's jobs asleep.
    if (turnedOff.has(team) || !isSleeper(row.value, ports.clock.now())) continue;
    const forecast = await foresee(ports, row.value);
    if (forecast === null) continue;
    const { startAtMs } = forecast;
    if (startAtMs === null) {
      turnedOff.add(team);
      continue;
    }
    if (startAtMs > ports.clock.now() + soonMs) return;
    const before = line.slice(passed, index).filter(({ value }) => !turnedOff.has(value.team));
    passed = index + 1;
    for (const each of [...before.filter(({ value }) => value.dueAtMs > startAtMs), row]) {
      if (await wake(ports, each, startAtMs)) tally.woken += 1;
    }
  }
}

/** When the job's turn comes as its line stands now; null when it has none. */
async function foresee(ports: Ports, live: LiveJob): Promise<LineForecast | null> {
  const job = await readWaiting(ports, live);
  if (job === null) return null;
  const { estimate }: Job = jobOfRun(job, live);
  const { id: jobId, team, model, lane, createdAtMs, ticket } = live;
  return ports.capacity.forecast({ jobId, team, model, lane, estimate, createdAtMs, ticket });
}

/** A row that cannot be read keeps nobody else asleep: its own wake-up will tell. */
async function readWaiting(ports: Ports, live: LiveJob): Promise<Job | null> {
  try {
    const job = await ports.jobs.readJob(live.team, live.id);
    return job === null || job.end !== null ? null : job;
  } catch (error) {
    if (error instanceof StorageUnavailableError) throw error;
    return null;
  }
}

async function wake(ports: Ports, row: Versioned<LiveJob>, startAtMs: number): Promise<boolean> {
  const { value: live, version } = row;
  const now = ports.clock.now();
  // As a park does: a little before the turn.
  const dueAtMs = Math.max(now, startAtMs - 1000);
  const trail = appendTrail(live.trail, { atMs: now, type: 'resent' });
  const moved = await advanceJob(ports, { live: { ...live, dueAtMs, trail }, version, usage: [] }, '');
  if (moved.outcome === 'lost') return false;
  await wakeJob(ports, live.lane, { team: live.team, job: live.id }, dueAtMs - now);
  return true;
}
